#!/bin/sh
# podman 5.4.2 takes --output type=docker for the name of a directory, and writes the whole image there.
#
# Guess: the word that buildx has for "load into the engine" is refused, or does what a build does anyway.  Seen: exit code
# 0, the image is tagged, and beside the Dockerfile there is a directory "type=docker" with all files of the image, which
# the next build of that context sends along.  podman 4.3.1 does so too.
# So CDK's dockerOutputs, which caches of BuildKit need, leave such directories in the assets of an assembly.
# Debian's packages, unpacked; as root.  Exits with 1 when that changes.
set -eu
cd "$(mktemp -d)"
apt-get download podman=5.4.2+ds1-2+b2 netavark=1.14.0-2 golang-github-containers-common=0.62.2+ds1-2 libsubid5 >/dev/null 2>&1
for package in *.deb; do dpkg-deb -x "$package" root; done
printf '[engine]\nhelper_binaries_dir = ["%s/root/usr/lib/podman"]\n' "$PWD" > containers.conf
home="$PWD"
podman() {
  CONTAINERS_CONF="$home/containers.conf" LD_LIBRARY_PATH="$home/root/usr/lib/$(uname -m)-linux-gnu" "$home/root/usr/bin/podman" \
    --root "$home/store" --runroot "$home/run" --tmpdir "$home/tmp" --storage-driver vfs --cgroup-manager cgroupfs --events-backend none "$@"
}
mkdir context
echo kept > context/file
printf 'FROM scratch\nCOPY file /opt/file\n' > context/Dockerfile
cd context
podman build --quiet --network=host --signature-policy "$home/root/etc/containers/policy.json" --tag made:1 --output type=docker . >/dev/null 2>&1
podman image exists made:1 2>/dev/null && tagged=yes || tagged=no
echo "tagged: $tagged; beside the Dockerfile: $(ls | tr '\n' ' ')"
[ "$tagged" = yes ] && [ -f type=docker/opt/file ]
