// Arguments: a file with a class path, a directory, which part of the class path goes there (libraries or modules), and the time.
import java.io.*;
import java.nio.file.*;
import java.util.*;
import java.util.stream.*;
import java.util.zip.*;

public class ClassPath {
    public static void main(String[] words) throws IOException {
        String listed = new String(Files.readAllBytes(Paths.get(words[0])), "UTF-8").trim();
        Path here = Paths.get("").toAbsolutePath();
        for (String word : listed.split(File.pathSeparator)) {
            Path item = Paths.get(word);
            boolean module = !item.toString().endsWith(".jar") || Files.isDirectory(item);
            if (word.isEmpty() || module != words[2].equals("modules")) {
                continue;
            }
            String name = here.relativize(item.toAbsolutePath()).toString().replaceAll("/target/classes/?$", "").replace("../", "");
            Path target = Paths.get(words[1], module ? name.replace("/", "-") + ".jar" : item.getFileName().toString());
            if (Files.exists(target)) {
                throw new IOException("two libraries of the class path are called " + target.getFileName());
            }
            if (!module) {
                Files.copy(item, target);
            } else if (Files.isDirectory(item)) {
                pack(item, target, Long.parseLong(words[3]) * 1000);
            }
        }
    }

    private static void pack(Path directory, Path target, long time) throws IOException {
        List<Path> files;
        try (Stream<Path> found = Files.walk(directory)) {
            files = found.filter(Files::isRegularFile).sorted().collect(Collectors.toList());
        }
        try (ZipOutputStream archive = new ZipOutputStream(Files.newOutputStream(target))) {
            archive.setMethod(ZipOutputStream.STORED);
            for (Path file : files) {
                byte[] content = Files.readAllBytes(file);
                CRC32 sum = new CRC32();
                sum.update(content, 0, content.length);
                ZipEntry entry = new ZipEntry(directory.relativize(file).toString());
                entry.setTime(time);
                entry.setSize(content.length);
                entry.setCrc(sum.getValue());
                archive.putNextEntry(entry);
                archive.write(content);
                archive.closeEntry();
            }
        }
    }
}
