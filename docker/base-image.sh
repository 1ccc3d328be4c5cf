#!/usr/bin/env bash
# The image that Couplet's images are built on: Debian with a Java 17 runtime, and nothing else.
# Pulls eclipse-temurin:17-jre where a registry can be reached; where none can, makes the same from Debian's packages.
#
#   docker/base-image.sh [TAG]      prints the image's name; TAG (default couplet-base:17) names the one made here
#
#   BASE_IMAGE      use this one, and neither pull nor make any
#   DEBIAN_MIRROR   where debootstrap gets packages from (default: what this machine's apt uses, or else its own default)
set -euo pipefail
tag=${1:-couplet-base:17}
pulled=eclipse-temurin:17-jre

say() { printf 'base-image: %s\n' "$*" >&2; }

if [ -n "${BASE_IMAGE:-}" ]; then
  echo "$BASE_IMAGE"
  exit
fi
for image in "$pulled" "$tag"; do
  if docker image inspect "$image" >/dev/null 2>&1; then
    echo "$image"
    exit
  fi
done
if timeout 300 docker pull --quiet "$pulled" >/dev/null 2>&1; then
  echo "$pulled"
  exit
fi
say "$pulled cannot be pulled; making $tag from Debian's packages (one to two minutes)"
if [ "$(id -u)" != 0 ]; then
  say "that needs root: run this script as root, or give an image with Java 17 as BASE_IMAGE."
  exit 2
fi
if ! command -v debootstrap >/dev/null; then
  say "that needs debootstrap: apt-get install debootstrap, or give an image with Java 17 as BASE_IMAGE."
  exit 2
fi

mirror=${DEBIAN_MIRROR:-$({ sed -n 's/^URIs: *\([^ ]*\).*/\1/p' /etc/apt/sources.list.d/*.sources; sed -n 's/^deb \(\[[^]]*\] \)\{0,1\}\([^ ]*\).*/\2/p' /etc/apt/sources.list; } 2>/dev/null | head -n 1 || true)}
root=$(mktemp -d)
finish() {
  umount "$root/proc" 2>/dev/null || true
  rm -rf --one-file-system "$root"
}
trap finish EXIT
chmod 755 "$root"
debootstrap --variant=minbase bookworm "$root" ${mirror:+"$mirror"} >&2
inside() { chroot "$root" env DEBIAN_FRONTEND=noninteractive LC_ALL=C "$@"; }
# The same way out as apt has here (a proxy, a mirror, their certificates), for as long as packages are installed.
cp /etc/resolv.conf "$root/etc/resolv.conf" 2>/dev/null || true
mkdir -p "$root/usr/share/man/man1" # the JRE's package links its manual there
mount -t proc proc "$root/proc"
inside apt-get install -y --no-install-recommends openjdk-17-jre-headless libgomp1 libstdc++6 >&2
umount "$root/proc"
inside apt-get clean
# Nothing in a running service reads these.
rm -rf "$root"/var/lib/apt/lists/* "$root"/var/cache/* "$root"/var/log/* "$root"/usr/share/{doc,man,locale,info}/* "$root/etc/resolv.conf" "$root"/tmp/*
java_home=$(inside sh -c 'dirname "$(dirname "$(readlink -f "$(command -v java)")")"')
tar -C "$root" --numeric-owner -c . | docker import --change "ENV JAVA_HOME=$java_home" --change "ENV LANG=C.UTF-8" - "$tag" >/dev/null
say "made $tag, $(docker image inspect --format '{{.Size}}' "$tag" | awk '{printf "%d MB", $1 / 1e6}')"
echo "$tag"
