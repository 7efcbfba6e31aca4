# A gem server of two gems in a directory, because a stand-in has no way to rubygems.org.
require "fileutils"
require "tmpdir"
require "rubygems/package"
require "zlib"

SOURCES = {
  # A gem of Ruby code alone.
  "standin-greeting" => {
    "lib/standin_greeting.rb" => <<~'RUBY',
      module StandinGreeting
        def self.to(name) = "Hello, #{name}"
      end
    RUBY
  },
  # A gem that builds something when it is installed, with no more than make.
  "standin-native" => {
    "lib/standin_native.rb" => <<~'RUBY',
      module StandinNative
        VALUE = File.read(File.join(__dir__, "standin_native.txt")).strip
      end
    RUBY
    "ext/standin_native/extconf.rb" => <<~'RUBY',
      File.write("Makefile", "all:\n\techo built > standin_native.txt\nclean:\ninstall: all\n\tcp standin_native.txt $(sitearchdir)\n")
    RUBY
  },
}

root = ARGV.fetch(0)
FileUtils.mkdir_p(["#{root}/gems", "#{root}/quick/Marshal.4.8"])
specs = SOURCES.map do |name, files|
  Dir.mktmpdir do |directory|
    Dir.chdir(directory) do
      files.each do |path, text|
        FileUtils.mkdir_p(File.dirname(path))
        File.write(path, text)
      end
      specification = Gem::Specification.new(name, "1.0.0") do |spec|
        spec.summary = "A gem of the stand-ins"
        spec.authors = ["the stand-ins"]
        spec.files = files.keys
        spec.extensions = files.keys.grep(/extconf/)
      end
      FileUtils.mv(Gem::Package.build(specification, true), "#{root}/gems/")
      File.binwrite("#{root}/quick/Marshal.4.8/#{name}-1.0.0.gemspec.rz", Zlib.deflate(Marshal.dump(specification)))
      [name, specification.version, "ruby"]
    end
  end
end
{ "specs" => specs, "latest_specs" => specs, "prerelease_specs" => [] }.each do |name, list|
  Zlib::GzipWriter.open("#{root}/#{name}.4.8.gz") { |file| file.write(Marshal.dump(list)) }
end
