#!/bin/sh
# Buildah 1.39.3 (podman 5.4.2 too) copies a file that COPY --exclude names, and says nothing.
#
# Guess: patterns of --exclude are relative to what is copied, as BuildKit has them (Docker 28.5.2: "COPY --exclude=secret
# dir /dir" leaves dir/secret out).  Seen: Buildah holds them against paths from the root of the context, so "secret" names
# a file beside the Dockerfile, and dir/secret is in the image.  "dir/secret" and "**/secret" leave it out.
# So a Dockerfile that keeps secrets out by --exclude ships them with CDK_DOCKER=podman.
# Debian's packages, unpacked; as root.  Exits with 1 when that changes.
set -eu
cd "$(mktemp -d)"
apt-get download buildah=1.39.3+ds1-1+b7 netavark=1.14.0-2 golang-github-containers-common=0.62.2+ds1-2 libsubid5 >/dev/null 2>&1
for package in *.deb; do dpkg-deb -x "$package" root; done
printf '[engine]\nhelper_binaries_dir = ["%s/root/usr/lib/podman"]\n' "$PWD" > containers.conf
buildah() {
  CONTAINERS_CONF="$PWD/containers.conf" LD_LIBRARY_PATH="$PWD/root/usr/lib/$(uname -m)-linux-gnu" root/usr/bin/buildah \
    --root "$PWD/store" --runroot "$PWD/run" --storage-driver vfs --signature-policy "$PWD/root/etc/containers/policy.json" "$@"
}
mkdir -p context/dir
echo s3cret > context/dir/secret
echo kept > context/dir/kept
copied() {
  rm -rf out
  printf 'FROM scratch\nCOPY --exclude=%s dir /dir\n' "$1" > context/Dockerfile
  buildah build --quiet --network=host --output out context >/dev/null 2>&1
  if [ -e out/dir/secret ]; then echo copied; else echo excluded; fi
}
name="$(copied secret)" path="$(copied dir/secret)" any="$(copied '**/secret')"
echo "--exclude=secret: $name; --exclude=dir/secret: $path; --exclude=**/secret: $any"
[ "$name $path $any" = "copied excluded excluded" ]
