#!/bin/sh
# Installs Drawbridge as a service of systemd, or brings an installation up to date: user, program, settings, data, unit.
#
#   sh packaging/install.sh             installs this checkout; running again replaces the program and nothing else
#   sh packaging/install.sh --kernel    and lets the kernel refuse for it (nftables, CAP_NET_ADMIN)
#   sh packaging/install.sh --remove    takes program and unit away; settings and data stay
#   sh packaging/install.sh --root DIR  into the system that lies in DIR
#
# What an operator has changed is never overwritten: files of routes/ and policies/ that are there stay as they are.
set -eu

here=$(CDPATH= cd -- "$(dirname -- "$0")/.." && pwd)
root=''
kernel=no
remove=no
while [ $# -gt 0 ]; do
  case $1 in
    --root) root=${2:?--root takes a folder}; shift ;;
    --kernel) kernel=yes ;;
    --remove) remove=yes ;;
    *) echo "install.sh: unknown: $1" >&2; exit 2 ;;
  esac
  shift
done

say() { printf '%s\n' "$*"; }
fail() { printf 'install.sh: %s\n' "$*" >&2; exit 1; }
inside() { if [ -n "$root" ]; then chroot "$root" "$@"; else "$@"; fi; }
with_systemd() { [ -z "$root" ] && [ -d /run/systemd/system ]; }

[ "$(id -u)" = 0 ] || fail 'run me as root'

if [ $remove = yes ]; then
  if with_systemd; then systemctl disable --now drawbridge.service || true; fi
  rm -rf "$root/opt/drawbridge" "$root/usr/local/bin/drawbridge" \
    "$root/etc/systemd/system/drawbridge.service" "$root/etc/systemd/system/drawbridge.service.d"
  if with_systemd; then systemctl daemon-reload; fi
  say 'Removed. Settings in /etc/drawbridge, data in /var/lib/drawbridge and the user drawbridge are still there.'
  exit 0
fi

version=$(sed -n 's/^  "version": "\(.*\)",$/\1/p' "$here/package.json")
[ -n "$version" ] || fail "no version in $here/package.json"

# --- the program, each time in a folder of its own: the one that runs goes on with its files
releases=/opt/drawbridge/releases
release=$releases/$version-$(date +%Y%m%d%H%M%S)
mkdir -p "$root$release"
for part in package.json package-lock.json .npmrc src routes policies packaging; do
  cp -R "$here/$part" "$root$release/"
done
if [ -x "$here/node_modules/node/bin/node" ]; then
  cp -RL --preserve=mode,links "$here/node_modules" "$root$release/" # already there: no network is needed
elif command -v npm >/dev/null; then
  (cd "$root$release" && npm ci --omit=dev --no-audit --no-fund)
else
  rm -rf "${root:?}$release"
  fail 'npm is missing (Debian: apt-get install npm)'
fi
node=$release/node_modules/node/bin/node
inside "$node" --disable-warning=ExperimentalWarning "$release/packaging/strip-types.ts" "$release/src"
inside "$node" "$release/src/main.js" version >/dev/null ||
  fail "the program does not run in $release"
ln -sfn "$release" "$root/opt/drawbridge/current.new"
mv -T "$root/opt/drawbridge/current.new" "$root/opt/drawbridge/current"
# this one, and the two before it
find "$root$releases" -mindepth 1 -maxdepth 1 -type d -printf '%T@ %p\n' | sort -rn | tail -n +4 | cut -d' ' -f2- |
  while read -r old; do
    [ "$old" = "$root$release" ] || rm -rf "$old"
  done

# --- user, data, settings
inside getent passwd drawbridge >/dev/null ||
  inside useradd --system --user-group --home-dir /var/lib/drawbridge --no-create-home --shell /usr/sbin/nologin drawbridge
inside install -d -o drawbridge -g drawbridge -m 0700 /var/lib/drawbridge
inside install -d -o root -g drawbridge -m 0750 /etc/drawbridge
for folder in routes policies; do
  (cd "$here" && find -L $folder -type f) | while read -r file; do
    [ -e "$root/etc/drawbridge/$file" ] && continue
    mkdir -p "$root/etc/drawbridge/$(dirname "$file")"
    cp "$here/$file" "$root/etc/drawbridge/$file"
  done
done
if [ ! -e "$root/etc/drawbridge/environment" ]; then
  cat >"$root/etc/drawbridge/environment" <<'END'
# Secrets and settings that are in no file, one NAME=value a line. Read at start.
#DRAWBRIDGE_PBX=sip:192.0.2.10:5060
END
fi
inside chgrp -R drawbridge /etc/drawbridge
inside chmod -R g+rX,o-rwx /etc/drawbridge
inside chmod 0640 /etc/drawbridge/environment

# --- command and unit
install -D -m 0755 "$here/packaging/drawbridge.sh" "$root/usr/local/bin/drawbridge"
install -D -m 0644 "$here/packaging/drawbridge.service" "$root/etc/systemd/system/drawbridge.service"
if [ $kernel = yes ]; then
  install -D -m 0644 "$here/packaging/kernel.conf" "$root/etc/systemd/system/drawbridge.service.d/kernel.conf"
  inside sh -c 'PATH=$PATH:/usr/sbin:/sbin command -v nft' >/dev/null ||
    say 'The program nft is missing (Debian: apt-get install nftables): until it is there the gate refuses by itself.'
fi
if with_systemd; then systemctl daemon-reload; fi

say "Drawbridge $version is in $release."
say
say 'Next:'
say '  1. Where is the PBX?    edit /etc/drawbridge/routes/pbx.yaml, or DRAWBRIDGE_PBX in /etc/drawbridge/environment'
say '  2. Is it right?         drawbridge check'
say '  3. Start it             systemctl enable --now drawbridge     (it runs already? drawbridge hand-over)'
say '  4. Open the firewall    for phones and carriers only, and shut the one of the PBX to all but this machine:'
say '       nft add rule inet filter input udp dport 5060 accept'
say '       nft add rule inet filter input tcp dport "{ 5060, 5061 }" accept'
say '     or: ufw allow 5060/udp; ufw allow 5060,5061/tcp'
say '  5. Is it well?          drawbridge status; drawbridge doctor'
