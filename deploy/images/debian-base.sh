#!/bin/sh
# debian-base.sh SUITE TAG: a small Debian image from the machine's own Debian mirror, without any image registry.
# As root; needs debootstrap and docker. QUNTUAN_DEBIAN_MIRROR names another mirror, QUNTUAN_DEBIAN_SECURITY_MIRROR the
# one of its security fixes: both are this machine's own otherwise; a machine without the second builds without.
set -eu
suite=$1 tag=$2
# shellcheck disable=SC2016
mirror=${QUNTUAN_DEBIAN_MIRROR:-$(apt-get indextargets --format '$(REPO_URI) $(COMPONENT)' 'Created-By: Packages' |
  awk '$1 !~ /security/ && $2 == "main" {print $1; exit}')}
# shellcheck disable=SC2016
security=${QUNTUAN_DEBIAN_SECURITY_MIRROR:-$(apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT)' \
  'Created-By: Packages' | awk -v of="$suite-security" '$2 == of && $3 == "main" {print $1; exit}')}
work=$(mktemp -d "${TMPDIR:-/tmp}/quntuan-base.XXXXXX")
trap 'rm -rf "$work"' EXIT
root=$work/root
debootstrap --variant=minbase "$suite" "$root" "$mirror" >"$work/log" 2>&1 || { tail -20 "$work/log" >&2; exit 1; }

if [ -n "$security" ]; then
  echo "deb $security $suite-security main" >"$root/etc/apt/sources.list.d/security.list"
fi
cat >"$root/etc/dpkg/dpkg.cfg.d/slim" <<'SLIM'
path-exclude /usr/share/man/*
path-exclude /usr/share/info/*
path-exclude /usr/share/doc/*
path-include /usr/share/doc/*/copyright
path-exclude /usr/share/locale/*
SLIM
cat >"$root/etc/apt/apt.conf.d/slim" <<'SLIM'
APT::Install-Recommends "false";
APT::Install-Suggests "false";
Acquire::Languages "none";
SLIM
# nothing in an image starts a service
printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
chmod +x "$root/usr/sbin/policy-rc.d"
find "$root/usr/share/doc" -type f ! -name copyright -delete
rm -rf "$root"/var/cache/apt/* "$root"/var/lib/apt/lists/* "$root"/usr/share/man/* "$root"/usr/share/info/* \
  "$root"/usr/share/locale/* "$root"/var/log/apt "$root"/var/log/*.log
tar -C "$root" --numeric-owner --sort=name -c . |
  docker import -c 'CMD ["bash"]' -c 'ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' - "$tag" >/dev/null
