# Arguments: the tree, and the time.
#
# A shell loses "$1" to each function call, and gives it back; the recursion needs that.  Modes are added and
# taken away, never set: BusyBox, which is Alpine's shell, forgets what was executable when it evaluates `u=rwX`.
chown -hR 0:0 "$1" && chmod -R a+rX,u+w,go-w,a-st "$1" || exit 1
time=$2
walk() {
  touch -h -c -d "@$time" "$1" "$1"/* "$1"/.[!.]* "$1"/..?*
  for path in "$1"/* "$1"/.[!.]* "$1"/..?*; do
    case "${path##*/}" in
      .wh.*)
        echo "$path: a name that starts with .wh. deletes a file of the image instead of adding one; rename or remove it" >&2
        exit 1
        ;;
    esac
    if [ -d "$path" ] && [ ! -L "$path" ]; then walk "$path"; fi
  done
}
walk "$1"
