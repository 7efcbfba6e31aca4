#!/bin/sh
# skopeo 1.9.3 cuts the zeros at the end of a layer when it compresses to zstd:chunked, so the layer is not the one of its diff id.
#
# Guess: another compression changes the digest of a layer and not what is in it, so the diff ids of the configuration hold.
# Seen with a layer of Python's tarfile or GNU tar, which end in records of 10 KiB: skopeo 1.9.3 writes 2 or 3 KiB fewer, exits
# with 0 and leaves the configuration as it was; whoever checks diff ids says that the image is damaged. With zstd alone, and with
# skopeo 1.18.0, the bytes are the same.  Debian's packages, unpacked, and zstd.  Exits with 1 when that changes.
set -eu
cd "$(mktemp -d)"
for version in 1.9.3+ds1-1+b10 1.18.0+ds1-1+b5; do
  mkdir "of-$version"
  (cd "of-$version" && apt-get download "skopeo=$version" libsubid5 libgpgme11t64 libassuan9 > /dev/null 2>&1 && for package in *.deb; do dpkg-deb -x "$package" .; done)
done
python3 - <<'PYTHON'
import gzip
import hashlib
import io
import json
import pathlib
import tarfile

blobs = pathlib.Path("image/blobs/sha256")
blobs.mkdir(parents=True)


def blob(data, kind):
    digest = hashlib.sha256(data).hexdigest()
    (blobs / digest).write_bytes(data)
    return {"mediaType": f"application/vnd.oci.image.{kind}", "digest": f"sha256:{digest}", "size": len(data)}


buffer = io.BytesIO()
with tarfile.open(fileobj=buffer, mode="w") as archive:
    member = tarfile.TarInfo("app.py")
    member.size = 200000
    archive.addfile(member, io.BytesIO(b"x" * member.size))
layer = buffer.getvalue()
pathlib.Path("layer.tar").write_bytes(layer)
rootfs = {"type": "layers", "diff_ids": ["sha256:" + hashlib.sha256(layer).hexdigest()]}
config = blob(json.dumps({"architecture": "amd64", "os": "linux", "config": {}, "rootfs": rootfs}).encode(), "config.v1+json")
packed = blob(gzip.compress(layer), "layer.v1.tar+gzip")
manifest = {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json", "config": config, "layers": [packed]}
entry = {**blob(json.dumps(manifest).encode(), "manifest.v1+json"), "annotations": {"org.opencontainers.image.ref.name": "one"}}
pathlib.Path("image/index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": [entry]}))
pathlib.Path("image/oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
PYTHON
bytes_of() {
  rm -rf made
  LD_LIBRARY_PATH="$PWD/of-$1/usr/lib/$(uname -m)-linux-gnu" "of-$1/usr/bin/skopeo" --insecure-policy copy --quiet \
    --dest-compress-format "$2" oci:image:one oci:made:one
  layer=$(python3 -c 'import json; read = lambda digest: json.load(open("made/blobs/sha256/" + digest[7:])); print(read(json.load(open("made/index.json"))["manifests"][0]["digest"])["layers"][0]["digest"][7:])')
  zstd -dcq "made/blobs/sha256/$layer" | wc -c
}
whole=$(wc -c < layer.tar)
seen="$((whole - $(bytes_of 1.9.3+ds1-1+b10 zstd))) $((whole - $(bytes_of 1.9.3+ds1-1+b10 zstd:chunked))) $((whole - $(bytes_of 1.18.0+ds1-1+b5 zstd:chunked)))"
echo "bytes that are gone of $whole: skopeo 1.9.3 zstd, zstd:chunked, skopeo 1.18.0 zstd:chunked: $seen"
case $seen in '0 0 0') exit 1 ;; '0 '*' 0') ;; *) exit 1 ;; esac
