#!/usr/bin/env bash
# Installs the Debian packages in a fresh Debian 12, runs them there, and removes them: chroot.sh FOLDER PACKAGE...
# Needs root. FOLDER is made, by debootstrap, unless it holds such a system already.
set -euo pipefail
root=$1
shift
[ -x "$root/usr/bin/apt-get" ] || debootstrap --variant=minbase bookworm "$root"
cp "$@" "$root/tmp/"
mount -t proc proc "$root/proc"
trap 'umount "$root/proc"' EXIT
inside() { chroot "$root" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive "$@"; }
names=$(for package in "$@"; do dpkg-deb -f "$package" Package; done)

inside apt-get update -qq
inside apt-get install -y -qq --no-install-recommends \
  $(for package in "$@"; do echo "/tmp/${package##*/}"; done) > /dev/null
inside metadiffuserd --version
inside metadiffuser --version
inside metadiffuser inspect /usr/share/metadiffuser/Models/point-robot.safetensors | head -3
# What simulates needs the library that apt installs with the package unless it is told not to.
inside apt-get install -y -qq --no-install-recommends \
  $(for package in "$@"; do dpkg-deb -f "$package" Recommends; done) > /dev/null
# The model and the expert of the demo are found beside the program; robot and controller meet.
inside sh -c 'cd /var && metadiffuser demo --episodes 1'
inside dpkg -r $names

# Nothing is left: no entry, and none of the files.
for name in $names; do
  if inside dpkg -s "$name" > /dev/null 2>&1; then echo "$name is still known to dpkg"; exit 1; fi
done
for package in "$@"; do
  dpkg-deb --fsys-tarfile "$package" | tar -t | sed 's/^\.//' | grep -v '/$' | while read -r file; do
    if [ -e "$root$file" ]; then echo "$file is left behind"; exit 1; fi
  done
done
left=$(find "$root/usr" "$root/etc" "$root/var/lib/dpkg/info" -name '*metadiffuser*')
if [ -n "$left" ]; then echo "left behind: $left"; exit 1; fi
echo "installed, run and removed"
