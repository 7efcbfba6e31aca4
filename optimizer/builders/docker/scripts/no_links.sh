# Argument: the tree.
#
# A copy ends at a directory over a link, and a layer that is assembled without a copy replaces it: /bin/sh is gone.
# The links of AWS's bases at the top are known; where the stage stands on the base, it has all others too.
tree=$1
walk() {
  for path in "$1"/* "$1"/.[!.]* "$1"/..?*; do
    if [ -L "$path" ] || [ ! -d "$path" ]; then continue; fi
    place=${path#"$tree"}
    instead=
    case "$place" in
      /bin | /sbin | /lib | /lib64) instead="write to /usr$place instead" ;;
      *) if [ -L "$place" ]; then instead="write to $(readlink -f "$place") instead"; fi ;;
    esac
    if [ "$instead" ]; then
      echo "$path: a directory of this name would replace a link of the image, $place; $instead" >&2
      exit 1
    fi
    case "$place" in
      /opt | /var/task | /var/runtime) ;;
      *) walk "$path" ;;
    esac
  done
}
walk "$tree"
