"""Measures OCS Inventory's server (Apache with mod_perl, and MariaDB) as a peer of our controller.

Usage: bench/ocs-peer.py [--devices 20]
Both servers have their files in a temporary folder, and listen on loopback and on a unix socket there.
CPU is user and system time of all their processes, from /proc, divided by the inventories that are in the database
afterwards, with all their packages: this server also acknowledges what it does not store.
"""

import argparse
import concurrent.futures
import http.client
import os
import pathlib
import shutil
import socket
import subprocess
import tempfile
import time
import zlib

PACKAGES = ("ocsinventory-server", "ocsinventory-reports", "libxml-parser-perl", "mariadb-server-core", "mariadb-client-core")
CONFIGURATION = pathlib.Path("/etc/apache2/conf-available/ocsinventory-server.conf")
SCHEMA = pathlib.Path("/usr/share/ocsinventory-reports/files/ocsbase_new.sql")
MODULES = pathlib.Path("/usr/lib/apache2/modules")
# Debian's names are in PATH for root only.
APACHE, MARIADB = "/usr/sbin/apache2", "/usr/sbin/mariadbd"
SOFTWARE, WORKERS = 1500, 4
TICKS = os.sysconf("SC_CLK_TCK")

APACHE_CONFIGURATION = """
ServerRoot {folder}
ServerName localhost
DefaultRuntimeDir {folder}
PidFile {folder}/apache.pid
ErrorLog {folder}/apache.log
Listen 127.0.0.1:{port}
{modules}
StartServers {workers}
MinSpareServers 1
MaxSpareServers {workers}
MaxRequestWorkers {workers}
Include {configuration}
PerlSetEnv OCS_OPT_LOGPATH {folder}
PerlSetEnv OCS_OPT_DBI_MYSQL_SOCKET {folder}/mariadb.socket
"""


def absent():
    """The Debian packages that are not installed."""
    asked = subprocess.run(["dpkg-query", "-W", "-f", "${db:Status-Status} ${Package}\n", *PACKAGES], capture_output=True, text=True)
    return [name for name in PACKAGES if f"installed {name}" not in asked.stdout.splitlines()]


def processor(pid):
    """Seconds of CPU of a process and of its children, those that ended included."""
    total = 0
    for path in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            words = path.read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if path.parent.name == str(pid):
            total += sum(map(int, words[11:15]))
        elif words[1] == str(pid):
            total += sum(map(int, words[11:13]))
    return total / TICKS


class Server:
    """The database and the web server, as one user who is not root: MariaDB and Apache's workers refuse it."""

    def __init__(self, folder):
        self.folder = folder
        self.socket = folder / "mariadb.socket"
        self.user = {"user": "nobody", "group": "nogroup", "extra_groups": []} if os.geteuid() == 0 else {}
        # MariaDB writes temporary files, and this process's folder for them may be closed to nobody.
        self.environment = dict(os.environ, TMPDIR=str(folder))
        self.processes = []

    def __enter__(self):
        self.folder.mkdir(0o700)
        if self.user:
            # The folder may be in one that only root may enter; nobody has to pass, and still cannot list it.
            self.folder.parent.chmod(self.folder.parent.stat().st_mode | 0o011)
            shutil.chown(self.folder, self.user["user"], self.user["group"])
        try:
            self._start_database()
            self._start_web()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for process in reversed(self.processes):
            process.terminate()
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def sql(self, text, *options):
        done = subprocess.run(["mariadb", "--no-defaults", "--user=root", f"--socket={self.socket}", "--skip-column-names", "--batch",
                               *options], input=text, capture_output=True, text=True, timeout=300)
        if done.returncode:
            raise RuntimeError(f"mariadb: {done.stderr}")
        return done.stdout.strip()

    def cpu(self):
        """Apache's seconds and MariaDB's."""
        database, web = self.processes
        return processor(web.pid), processor(database.pid)

    def post(self, connection, document):
        """The answer's text, as the agent reads it; None where the server did not acknowledge."""
        connection.request("POST", "/ocsinventory", zlib.compress(document.encode()), {
            "Pragma": "no-cache", "Content-Type": "application/x-compress", "User-Agent": "OCS-NG_unified_unix_agent_v2.10.0"})
        answer = connection.getresponse()
        body = answer.read()
        return zlib.decompress(body).decode() if answer.status == 200 and body else None

    def logs(self):
        return "\n".join(path.read_text(errors="replace")[-4000:] for path in sorted(self.folder.glob("*.log")))

    def _run(self, name, command):
        # A session of its own: when Apache is told to end, it tells its whole group.
        with open(self.folder / f"{name}.out.log", "wb") as log:
            self.processes.append(subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.folder, env=self.environment,
                                                   start_new_session=True, **self.user))

    def _wait(self, name, ready):
        for _ in range(300):
            if self.processes[-1].poll() is not None:
                break
            if ready():
                return
            time.sleep(0.2)
        raise RuntimeError(f"{name} is not ready:\n{self.logs()}")

    def _start_database(self):
        data = f"--datadir={self.folder / 'data'}"
        made = subprocess.run(["mariadb-install-db", "--no-defaults", data, "--auth-root-authentication-method=normal", "--skip-test-db"],
                              cwd=self.folder, env=self.environment, capture_output=True, text=True, timeout=300, **self.user)
        if made.returncode:
            raise RuntimeError(f"mariadb-install-db: {made.stdout}{made.stderr}")
        self._run("mariadb", [MARIADB, "--no-defaults", data, f"--socket={self.socket}", "--skip-networking",
                              f"--pid-file={self.folder / 'mariadb.pid'}"])
        self._wait("MariaDB", self.socket.exists)
        # As OCS's installer does. Not its later updates: they are for newer servers, and drop a column that Debian 12's one reads.
        self.sql("CREATE DATABASE ocsweb CHARACTER SET utf8 COLLATE utf8_bin; GRANT ALL ON ocsweb.* TO ocs@localhost IDENTIFIED BY 'ocs'")
        self.sql("SET sql_mode='NO_ENGINE_SUBSTITUTION';" + SCHEMA.read_text(), "ocsweb")

    def _start_web(self):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        names = ("mpm_prefork", "authn_core", "authn_file", "authz_core", "authz_user", "auth_basic", "perl")
        modules = "\n".join(f"LoadModule {name}_module {MODULES}/mod_{name}.so" for name in names)
        file = self.folder / "apache.conf"
        file.write_text(APACHE_CONFIGURATION.format(folder=self.folder, configuration=CONFIGURATION, port=self.port, modules=modules,
                                                    workers=WORKERS))
        self._run("apache", [APACHE, "-f", str(file), "-D", "FOREGROUND"])

        def listens():
            with socket.socket() as probe:
                return probe.connect_ex(("127.0.0.1", self.port)) == 0

        self._wait("Apache", listens)


def elements(**values):
    return "".join(f"<{name}>{value}</{name}>" for name, value in values.items())


def request(query, number, content=""):
    return (f'<?xml version="1.0" encoding="UTF-8"?>\n<REQUEST>{content}'
            f"{elements(DEVICEID=f'school-{number}-2026-01-01-08-00-00', QUERY=query)}</REQUEST>")


def inventory(number, checksum):
    """A device as the unix agent describes one. Names as rollcall-swarm's; 20 versions differ from all other devices'."""
    stems = ("lib", "python3-", "fonts-", "linux-", "gnome-", "texlive-", "gir1.2-", "xserver-xorg-", "kde-", "perl-")
    software = "".join("<SOFTWARES>" + elements(
        ARCHITECTURE="amd64" if package % 4 else "all", COMMENTS=f"part {package} of what a school's machine needs",
        FILESIZE=1024 * package, FROM="deb", INSTALLDATE="2026/01/01 08:00:00",
        NAME=f"{stems[package % 10]}school{package:05}", PUBLISHER=f"https://school{package % 300}.example/",
        VERSION=f"1:1.{package % 40}.0" + (f"+local{number}.{package}" if package % 75 == number % 75 else "") + "-2+deb12u1",
    ) + "</SOFTWARES>" for package in range(SOFTWARE))
    mac = ":".join(f"{number >> shift & 255:02x}" for shift in (24, 16, 8, 0))
    sections = {
        "ACCOUNTINFO": {"KEYNAME": "TAG", "KEYVALUE": "bench"},
        "BIOS": {"SMANUFACTURER": "LENOVO", "SMODEL": "20Y1S00000", "SSN": f"SN{number:08}", "BVERSION": "N34ET44W", "TYPE": "Notebook"},
        "CPUS": {"MANUFACTURER": "Intel", "TYPE": "Intel(R) Core(TM) i5", "SPEED": 2400, "CORES": 4},
        "DRIVES": {"FILESYSTEM": "ext4", "FREE": 90000, "TOTAL": 240000, "TYPE": "/", "VOLUMN": "/dev/nvme0n1p2"},
        "HARDWARE": {"NAME": f"school-{number}", "CHECKSUM": checksum, "OSNAME": "Debian GNU/Linux 12.15", "OSVERSION": "6.1.0-40-amd64",
                     "PROCESSORN": 1, "PROCESSORS": 2400, "PROCESSORT": "Intel(R) Core(TM) i5", "MEMORY": 8192, "SWAP": 1024,
                     "IPADDR": "192.0.2.1", "UUID": f"4c4c4544-0000-4000-8000-{number:012}", "WORKGROUP": "school"},
        "MEMORIES": {"CAPACITY": 8192, "NUMSLOTS": 1, "SPEED": "3200", "TYPE": "DDR4"},
        "NETWORKS": {"DESCRIPTION": "eth0", "IPADDRESS": "192.0.2.1", "IPMASK": "255.255.255.0", "MACADDR": f"02:00:{mac}", "STATUS": "Up"},
        "STORAGES": {"DISKSIZE": 244198, "MODEL": "MZVLB256", "NAME": "nvme0n1", "SERIALNUMBER": f"N{number:08}"},
    }
    parts = "".join(f"<{name}>{elements(**values)}</{name}>" for name, values in sections.items())
    return request("INVENTORY", number, f"<CONTENT>{parts}{software}</CONTENT>")


def send(server, number, checksum):
    """What the agent does on a run: it asks whether to send, and sends. True where both were acknowledged."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=180)
    try:
        asked = server.post(connection, request("PROLOG", number))
        sent = asked and "<RESPONSE>SEND<" in asked and server.post(connection, inventory(number, checksum))
        return bool(sent and "ACCOUNT_UPDATE<" in sent)
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def round_of(server, numbers, checksum, connections=1):
    """Sends each device's inventory once. The figure for the table."""
    numbers = list(numbers)
    # A stored inventory has a new date, and all its packages anew: the server deletes and inserts them each time.
    newest = server.sql("UPDATE hardware SET LASTDATE='2000-01-01'; SELECT COALESCE(MAX(ID), 0) FROM software", "ocsweb")
    before = server.cpu()
    with concurrent.futures.ThreadPoolExecutor(connections) as pool:
        acknowledged = sum(pool.map(lambda number: send(server, number, checksum), numbers))
    # InnoDB purges and flushes after the answers.
    time.sleep(2)
    web, database = (after - start for after, start in zip(server.cpu(), before))
    packages = f"(SELECT COUNT(*) FROM software WHERE HARDWARE_ID = hardware.ID AND software.ID > {newest})"
    known, stored = map(int, server.sql(f"""SELECT COUNT(*), COALESCE(SUM({packages} = {SOFTWARE}), 0) FROM hardware
        WHERE LASTDATE > '2000-01-01' AND NAME LIKE 'school-%'""", "ocsweb").split())
    if not acknowledged:
        raise RuntimeError(f"OCS Inventory's server acknowledged nothing:\n{server.logs()}")
    counts = f"{len(numbers)} sent, {acknowledged} acknowledged, {known} devices stored, {stored} with exactly their packages"
    if not stored:
        return counts
    web, database = 1000 * web / stored, 1000 * database / stored
    return f"{web + database:.0f} ms CPU each (Apache {web:.0f}, MariaDB {database:.0f}); {counts}"


def measure(folder, devices=20):
    """Rows (what, figure) for the table. Puts its files into a new folder in `folder`."""
    missing = absent()
    if missing:
        return [("peer: OCS Inventory's server", f"not measured; missing packages: {' '.join(missing)}")]
    everything, unchanged = 0x7FFFFFFF, 1
    what = "peer: OCS Inventory's server, plain HTTP,"
    with Server(pathlib.Path(folder).resolve() / "ocs") as server:
        # The base becomes known, and what Perl loads late is loaded. One at a time: this server loses what comes together.
        round_of(server, range(2), everything)
        first, last = range(100, 100 + devices), range(100_000, 100_000 + devices)
        return [
            (f"{what} a first inventory of 1,500 packages, base known, 20 differ", round_of(server, first, everything)),
            (f"{what} the same inventory again, unchanged", round_of(server, first, unchanged)),
            (f"{what} first inventories, {WORKERS} at a time", round_of(server, last, everything, WORKERS)),
        ]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--devices", default=20, type=int)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="rollcall-ocs-") as folder:
        for what, figure in measure(folder, given.devices):
            print(f"| {what} | {figure} | |")


if __name__ == "__main__":
    main()
