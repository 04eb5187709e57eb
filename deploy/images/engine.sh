#!/bin/sh
# Docker Engine, Compose and buildx from Debian, and a running daemon, on a machine without systemd (CI, a container).
# Bookworm's compose is too old: the client side comes from trixie, whose packages need bookworm's libc only; nothing
# else is taken from there. As root. Prints nothing when a daemon already answers and compose is new enough.
set -eu

answers() { docker version >/dev/null 2>&1; }
composes() { docker compose version >/dev/null 2>&1 && docker buildx version >/dev/null 2>&1; }

install_engine() {
  export DEBIAN_FRONTEND=noninteractive
  retries=-oAcquire::Retries=5
  # shellcheck disable=SC1091
  . /etc/os-release
  apt-get $retries update -qq
  if [ "${VERSION_CODENAME:-}" = bookworm ]; then
    # the machine's own mirror, whatever it is
    # shellcheck disable=SC2016
    mirror=$(apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' |
      awk '$2 == "bookworm" && $3 == "main" {print $1; exit}')
    echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror trixie main" \
      >/etc/apt/sources.list.d/quntuan-engine.list
    cat >/etc/apt/preferences.d/quntuan-engine <<'PIN'
Package: *
Pin: release n=trixie
Pin-Priority: 1

Package: docker.io docker-cli docker-compose docker-buildx
Pin: release n=trixie
Pin-Priority: 990
PIN
    apt-get $retries update -qq
  fi
  apt-get $retries install -y -qq --no-install-recommends \
    docker.io docker-cli docker-compose docker-buildx iptables debootstrap ca-certificates >/dev/null
}

mount_cgroups() {
  # a sandbox may come without any: the daemon then says that the devices cgroup is not mounted
  grep -q ' /sys/fs/cgroup' /proc/mounts && return
  mount -t tmpfs cgroup /sys/fs/cgroup
  for name in $(awk '!/^#/ && $4 == 1 {print $1}' /proc/cgroups); do
    mkdir -p "/sys/fs/cgroup/$name"
    mount -t cgroup -o "$name" cgroup "/sys/fs/cgroup/$name" || rmdir "/sys/fs/cgroup/$name"
  done
}

start_daemon() {
  log=${QUNTUAN_DOCKERD_LOG:-/var/log/dockerd.log}
  for attempt in "" "--iptables=false"; do
    rm -f /var/run/docker.pid
    # shellcheck disable=SC2086
    setsid dockerd $attempt >"$log" 2>&1 </dev/null &
    pid=$!
    for _ in $(seq 60); do
      if answers; then return; fi
      kill -0 "$pid" 2>/dev/null || break
      sleep 0.5
    done
    kill "$pid" 2>/dev/null || true
  done
  tail -20 "$log" >&2
  return 1
}

if ! command -v dockerd >/dev/null || ! composes; then install_engine; fi
if ! answers; then
  mount_cgroups
  start_daemon
fi
