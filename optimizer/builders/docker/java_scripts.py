"""What Maven and Gradle have no goal or task for: the class path of one module, third-party libraries apart from its siblings."""

from __future__ import annotations

from optimizer.builders.docker.actions import TreeScript
from optimizer.model.plan import TIMESTAMP, TREE
from optimizer.model.recipes.programs import TASK

_CLASSES = "/tmp/lambda"
_TASK = f"{TREE}{TASK}"

TASKS = "/tmp/lambda.gradle"
"""Where Gradle finds the tasks."""

PACK = ("java", "-Duser.timezone=UTC", "-classpath", _CLASSES, "ClassPath")
"""The program that takes a file with a class path, a directory, and ``libraries`` or ``modules``."""

CLASS_PATH = TreeScript(
    name="MAVEN_CLASS_PATH",
    purpose="Puts the libraries of a class path into a directory, or its directories of classes as archives that are the same on every machine.",
    interpreter=(
        "sh",
        "-c",
        f'mkdir -p {_CLASSES} && printf %s "$0" > {_CLASSES}/ClassPath.java && javac -d {_CLASSES} {_CLASSES}/ClassPath.java',
    ),
    script="""\
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
                pack(item, target);
            }
        }
    }

    private static void pack(Path directory, Path target) throws IOException {
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
                entry.setTime(TIMESTAMP);
                entry.setSize(content.length);
                entry.setCrc(sum.getValue());
                archive.putNextEntry(entry);
                archive.write(content);
                archive.closeEntry();
            }
        }
    }
}
""".replace("TIMESTAMP", f"{TIMESTAMP}000L"),
)

GRADLE_TASKS = TreeScript(
    name="GRADLE_TASKS",
    purpose="Two tasks for the module of the function: one copies its third-party libraries, the other its classes and the modules that it uses.",
    interpreter=("sh", "-c", f'printf %s "$0" > {TASKS}'),
    script="""\
import org.gradle.api.artifacts.component.ProjectComponentIdentifier

allprojects {
    tasks.withType(AbstractArchiveTask) {
        preserveFileTimestamps = false
        reproducibleFileOrder = true
    }
}
if (gradle.parent != null) {
    return
}
def module = new File(gradle.startParameter.currentDir, gradle.startParameter.projectProperties["lambdaModule"]).canonicalFile
def found = false
allprojects {
    afterEvaluate { project ->
        if (project.projectDir.canonicalFile != module || !project.plugins.hasPlugin("java")) {
            return
        }
        found = true
        def classPath = project.configurations.runtimeClasspath.incoming
        def libraries = classPath.artifactView { componentFilter { !(it instanceof ProjectComponentIdentifier) } }
        def modules = classPath.artifactView { componentFilter { it instanceof ProjectComponentIdentifier } }
        project.tasks.register("lambdaDependencies", Copy) {
            duplicatesStrategy = DuplicatesStrategy.FAIL
            from libraries.files
            into "TASK/lib"
            doFirst {
                def missing = libraries.files.findAll { it.name.endsWith(".jar") && !it.exists() }
                if (missing) {
                    throw new GradleException("the build files name archives that are not there: " + missing.join(", "))
                }
            }
        }
        project.tasks.register("lambdaClasses", Copy) {
            duplicatesStrategy = DuplicatesStrategy.FAIL
            from project.sourceSets.main.output
            into "TASK"
            into("lib") {
                from modules.files
                eachFile { copy ->
                    def owner = modules.artifacts.find { it.file == copy.file }.id.componentIdentifier
                    copy.name = (owner.projectPath == ":" ? owner.build.name : owner.projectPath.substring(1).replace(":", "-")) + ".jar"
                }
            }
        }
    }
}
gradle.projectsEvaluated {
    if (!found) {
        throw new GradleException("no project with the java plugin stands in " + module)
    }
}
""".replace("TASK", _TASK),
)
