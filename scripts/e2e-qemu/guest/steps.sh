#!/bin/sh
# Runs in the machine at each boot, as root, after the seed was unpacked. Its output is read by the host.
set -u
boot=$(cat /proc/sys/kernel/random/boot_id)

systemctl enable --quiet --now rollcall-ide.service || { journalctl --no-pager --unit=rollcall-ide.service; exit 1; }

# The agent, under every restriction of its unit; from the first boot on it starts by itself, and enrols where it must.
# It brings the measuring unit with it, which ends before the agent starts.
systemctl enable --quiet rollcall-agent.service
systemctl start rollcall-agent.service
journalctl --boot --no-pager --quiet --output=cat --unit=rollcall-measure.service --unit=rollcall-agent.service |
  grep -E '^(Finished|Started) ' | head -n 1 | sed 's/^/units: /'
journalctl --no-pager --quiet --output=cat --unit=rollcall-measure.service | tail -n 8
echo "measured file $(stat -c '%U %G %a' /run/rollcall-measure), $(stat -c '%U %a' /run/rollcall-measure/measured.json)"
cat /run/rollcall-measure/measured.json
echo
echo "measure exposure: $(systemd-analyze security --no-pager rollcall-measure.service | tail -n 1)"
echo "measure timer $(systemctl is-active rollcall-measure.timer)"
echo "agent $(systemctl is-active rollcall-agent.service) in boot $boot"
agent=$(systemctl show --property=MainPID --value rollcall-agent.service)
grep -E '^(Uid|CapEff|CapBnd|NoNewPrivs|Seccomp):' "/proc/$agent/status" | sed 's/^/agent /'
if ls "/proc/$agent/root/dev" | grep -qE '^(sd|vd|nvme)'; then echo "agent disks shown"; else echo "agent disks hidden"; fi
echo "agent exposure: $(systemd-analyze security --no-pager rollcall-agent.service | tail -n 1)"

# The controller, under every restriction of its own; READY=1 is what ends `systemctl start`.
if [ ! -e /var/lib/rollcall/rollcall.sqlite ]; then
  runuser -u rollcall -- /usr/bin/rollcalld init --state /var/lib/rollcall || exit 1
fi
systemctl start rollcalld.service || { journalctl --no-pager --unit=rollcalld.service | tail -n 30; exit 1; }
echo "controller $(systemctl is-active rollcalld.service)"
controller=$(systemctl show --property=MainPID --value rollcalld.service)
grep -E '^(Uid|CapEff|CapBnd|NoNewPrivs|Seccomp):' "/proc/$controller/status" | sed 's/^/controller /'
answer=$(printf 'GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n' |
  timeout 60 openssl s_client -quiet -verify_return_error -verify_hostname localhost -CAfile /var/lib/rollcall/ca/root.pem \
    -connect 127.0.0.1:8443 2>/dev/null | tr -d '\r' | tail -n 1)
echo "controller answers: $answer"
systemctl reload rollcalld.service && sleep 2 && echo "controller after reload: $(systemctl is-active rollcalld.service)"
systemctl stop rollcalld.service
echo "controller ended: $(systemctl show --property=Result --value rollcalld.service)"
journalctl --no-pager --quiet --unit=rollcalld.service | grep -iE 'denied|not permitted|EPERM|seccomp|audit' | tail -n 5

journalctl --no-pager --quiet --output=cat --unit=rollcall-agent.service | tail -n 12
perl /usr/local/sbin/rollcall-capture
[ "$answer" = ready ]
