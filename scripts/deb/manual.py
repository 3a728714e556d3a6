#!/usr/bin/env python3
"""Writes a program's manual page from what the program itself says of its commands and options.

Usage: manual.py PROGRAM SECTION DATE VERSION >PAGE
A program of ArgumentParser is asked by --experimental-dump-help, the agent, which has a parser of its own, by --help.
"""
import json
import re
import subprocess
import sys


def asked(*command):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    return done.stdout if done.returncode == 0 else None


def roff(text, verbatim=False):
    text = text.replace("\\", "\\e").replace("-", "\\-") if verbatim else text.replace("\\", "\\e")
    return "\n".join("\\&" + line if line[:1] in (".", "'") else line for line in text.split("\n"))


def block(text):
    return [".PP", ".nf", ".RS 4", roff(text.strip("\n"), verbatim=True), ".RE", ".fi"] if text.strip() else []


def term(name, text):
    return [".TP", "\\fB" + roff(name, verbatim=True) + "\\fR", roff(text) if text else "\\&"]


# MARK: - ArgumentParser

def spelled(argument):
    names = ["-" * (2 if name["kind"] == "long" else 1) + name["name"] for name in argument.get("names", [])]
    value = f"<{argument.get('valueName', 'value')}>"
    if argument["kind"] == "positional":
        return value
    return ", ".join(names) + ("" if argument["kind"] == "flag" else f" {value}")


def meaning(argument):
    text = argument.get("abstract", "")
    if argument.get("allValues"):
        text += f" One of: {', '.join(argument['allValues'])}."
    if argument.get("defaultValue"):
        text += f" (default: {argument['defaultValue']})"
    return text.strip()


def commands(node, path):
    """The command, then those below it, each with the words that call it."""
    path = path + [node["commandName"]]
    yield path, node
    for below in node.get("subcommands", []):
        if below.get("shouldDisplay", True) and below["commandName"] != "help":
            yield from commands(below, path)


def dumped(root):
    """The sections of a page, and what the program is for."""
    lines = [".SH DESCRIPTION", roff(root.get("abstract", ""))] + block(root.get("discussion", ""))
    lines += [".SH COMMANDS", "Every command takes", ".BR \\-\\-help ,", "and", ".B \\-\\-version", "prints the version."]
    for path, node in commands(root, []):
        arguments = [
            each for each in node.get("arguments", [])
            if each.get("shouldDisplay", True) and each.get("valueName") not in ("help", "version")
        ]
        if len(path) == 1 or node.get("subcommands"):
            continue
        lines += [f".SS {roff(' '.join(path), verbatim=True)}", roff(node.get("abstract", ""))]
        for argument in arguments:
            lines += term(spelled(argument), meaning(argument))
        lines += block(node.get("discussion", ""))
    return root.get("abstract", ""), lines


# MARK: - The agent

def sections(text):
    """Headings with the indented lines below them."""
    found = []
    for line in text.split("\n"):
        if re.match(r"[A-Z][A-Za-z ]*$", line):
            found.append((line, []))
        elif found and (line.startswith("  ") or not line):
            found[-1][1].append(line)
    return found


def told(program, text):
    purpose = text.split("\n")[0].split(": ", 1)[1]
    lines = [".SH DESCRIPTION", roff(purpose[0].upper() + purpose[1:])]
    names = []
    for heading, body in sections(text):
        lines.append(f".SH {heading.upper()}")
        for row in filter(None, body):
            name, what = re.split(r"\s{2,}", row.strip(), maxsplit=1)
            lines += term(name, what)
            if heading == "Commands":
                names.append(name)
    for name in names:
        help_text = asked(program, name, "--help") or ""
        first, _, rest = help_text.partition("\n")
        lines += [f".SH {roff(first.split(':')[0].upper(), verbatim=True)}", roff(first.split(": ", 1)[-1])]
        lines += block(rest)
    return purpose, lines


def main():
    program, section, date, version = sys.argv[1:]
    name = program.rsplit("/", 1)[-1]
    dump = asked(program, "--experimental-dump-help")
    if dump and dump.startswith("{"):
        purpose, lines = dumped(json.loads(dump)["command"])
    else:
        purpose, lines = told(program, asked(program, "--help"))
    purpose = purpose.rstrip(".").split(": ")[-1]
    page = [
        f'.TH {name.upper()} {section} "{date}" "Rollcall {version}" "Rollcall"',
        ".SH NAME", f"{roff(name, verbatim=True)} \\- {roff(purpose)}",
        ".SH SYNOPSIS", f".B {roff(name, verbatim=True)}", ".I COMMAND", "[options]",
    ]
    page += lines
    page += [".SH SEE ALSO", "The documents in", f".I /usr/share/doc/{'rollcall-controller' if name == 'rollcalld' else name}"]
    print("\n".join(page))


main()
