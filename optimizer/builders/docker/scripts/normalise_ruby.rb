# Arguments: the tree, and the time.
require "find"
tree, time = ARGV
Find.find(tree) do |path|
  if File.basename(path).start_with?(".wh.")
    abort(path + ": a name that starts with .wh. deletes a file of the image instead of adding one; rename or remove it")
  end
  status = File.lstat(path)
  File.lchown(0, 0, path)
  File.chmod(status.directory? || status.executable? ? 0755 : 0644, path) unless status.symlink?
  File.lutime(time.to_i, time.to_i, path)
end
