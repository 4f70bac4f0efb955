#!/usr/bin/env bash
# Makes the Debian packages of what `make install` puts into a folder: deb.sh OUTPUT VERSION
set -euo pipefail
cd "$(dirname "$0")/.."
output=$1 version=$2
architecture=$(dpkg --print-architecture)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$output"

# The packages, with their oldest versions, that the libraries of a program are in.
libraries() {
  mkdir -p "$work/debian"
  printf 'Source: metadiffuser\n\nPackage: metadiffuser\nArchitecture: any\n' > "$work/debian/control"
  (cd "$work" && dpkg-shlibdeps -O "$1" | sed -n 's/^shlibs:Depends=//p')
}

# package NAME PROGRAM SUMMARY LONG [MORE DEPENDENCIES [RECOMMENDED]]: of the tree at $work/NAME.
package() {
  local tree=$work/$1 documents depends
  documents=$tree/usr/share/doc/$1
  mkdir -p "$tree/DEBIAN" "$documents"
  depends=$(libraries "$tree/usr/bin/$2")
  {
    printf 'Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n'
    printf 'Upstream-Name: MetaDiffuser for real robots\n\n'
    printf 'Files: *\nCopyright: the authors of MetaDiffuser for real robots\n'
    printf 'License: Apache-2.0\n On Debian systems the text is in /usr/share/common-licenses/Apache-2.0.\n'
    printf ' Linked into the program: see NOTICE.md.\n'
  } > "$documents/copyright"
  cp NOTICE.md "$documents/"
  gzip -9nc CHANGELOG.md > "$documents/changelog.gz"
  cat > "$tree/DEBIAN/control" <<END
Package: $1
Version: $version
Architecture: $architecture
Maintainer: The authors of MetaDiffuser for real robots <metadiffuser@localhost>
Section: science
Priority: optional
Installed-Size: $(du -sk --exclude=DEBIAN "$tree" | cut -f1)
Depends: ${5:+$5, }$depends
Recommends: ${6:-}
Description: $3
 $4
END
  sed -i '/^Recommends: $/d' "$tree/DEBIAN/control"
  (cd "$tree" && find usr -type f -print0 | sort -z | xargs -0 md5sum > DEBIAN/md5sums)
  dpkg-deb --root-owner-group --build "$tree" "$output/$1_${version}_$architecture.deb"
}

make install-onboard DESTDIR="$work/metadiffuserd" PREFIX=/usr
package metadiffuserd metadiffuserd "real-time controller that plans with a MetaDiffuser model" \
  "Drives a robot over UDP or a serial line: a plan inside every control period, in fixed memory."
make install-workbench DESTDIR="$work/metadiffuser" PREFIX=/usr
package metadiffuser metadiffuser "collect, train, evaluate and simulate for metadiffuserd" \
  "The workbench, with its task families, their experts and their trained models." \
  "metadiffuserd (= $version)" "libmujoco2.2.2"
