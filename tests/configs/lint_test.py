#!/usr/bin/env python3
"""What people copy out of configs/, README.md and configs/README.md is well-formed, and every
btfbatch command line in it has only options that the program knows.

YAML by yamllint; the scripts inside of it, and the RUN lines of the Containerfile, by shellcheck;
the shape of the workflow, of the job and of the Containerfile by hand, since Debian has no linter
for them.
"""

import re
import shlex
import subprocess
import tomllib

import unittest

import yaml

import harness
from harness import CONFIGS, SOURCE, settings
from recipes import CONTAINERFILE, GITHUB, GITLAB, instructions, shell_parts, without_mounts

DOCUMENTS = [SOURCE / "README.md", CONFIGS / "README.md"]

# Keys that GitLab reads as settings of its own rather than as jobs, of those that are used here.
GITLAB_JOB_KEYS = {"image", "rules", "variables", "cache", "before_script", "script", "artifacts"}
GITHUB_STEP_KEYS = {"name", "uses", "run", "with", "id", "if", "env"}


def code_of(document):
    """The indented lines of a Markdown file, blocks apart by empty lines."""
    lines = document.read_text().splitlines()
    return "\n".join(line[4:] if line.startswith("    ") else "" for line in lines) + "\n"


def command_lines(script):
    """The arguments of each btfbatch in a script."""
    for line in re.sub(r"\\\n", " ", script).splitlines():
        line = re.sub(r"^(\$|RUN)\s+", "", line.strip())
        line = re.sub(r"\s#\s.*$", "", without_mounts(line))
        if line.startswith("btfbatch "):
            # What a shell puts in place of $(…) are words, not options.
            yield shlex.split(re.sub(r"\$\([^)]*\)", "words", line))[1:]


def options_of(command):
    done = subprocess.run([settings.btfbatch, *command, "--help"], capture_output=True, text=True)
    return set(re.findall(r"^ *(?:-\w,)?(--[a-z-]+)", done.stdout, re.MULTILINE)) | set(
        re.findall(r"^ *(-\w)\b", done.stdout, re.MULTILINE))


class Lint(unittest.TestCase):
    def passes(self, command, text):
        done = subprocess.run(command, input=text, capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr + "\nin\n" + text)

    def test_yaml(self):
        rules = "{extends: default, rules: {line-length: {max: 100}, truthy: {check-keys: true}}}"
        for file in (GITHUB, GITLAB):
            with self.subTest(file.name):
                self.passes(["yamllint", "--strict", "-d", rules, "-"], file.read_text())

    def test_scripts(self):
        parts = list(shell_parts())
        self.assertGreaterEqual(len(parts), 8)
        for where, script in parts:
            with self.subTest(where):
                self.passes(["shellcheck", "--shell=sh", "-"], script)
        for document in DOCUMENTS:
            for block in re.split(r"\n\n+", code_of(document)):
                if any(command_lines(block)) and not block.startswith("$ "):
                    with self.subTest(document=document.name, block=block):
                        # 2035: *.bpf.o of a folder that the reader is in; 2046: wanted as words.
                        self.passes(["shellcheck", "--shell=bash", "--exclude=2035,2046", "-"],
                                    re.sub(r"^(FROM|COPY) .*$|^RUN ", "", block,
                                           flags=re.MULTILINE) + "\n")

    def test_github_workflow(self):
        workflow = yaml.safe_load(GITHUB.read_text())
        self.assertLessEqual(set(workflow), {"name", "on", "permissions", "env", "jobs"})
        self.assertRegex(workflow["on"]["schedule"][0]["cron"], r"^(\S+ ){4}\S+$")
        self.assertEqual(workflow["permissions"], {"contents": "read"})
        steps = workflow["jobs"]["bundle"]["steps"]
        for step in steps:
            self.assertLessEqual(set(step), GITHUB_STEP_KEYS)
            self.assertTrue(("uses" in step) != ("run" in step), step)
            if "uses" in step:
                self.assertRegex(step["uses"], r"^[\w-]+/[\w-]+@v\d+$")
        # The cache of one night has to be the next one's: a new key each time, found by its
        # beginning, and around the run.
        cache = next(step for step in steps if step.get("uses", "").startswith("actions/cache@"))
        self.assertIn("${{ github.run_id }}", cache["with"]["key"])
        self.assertTrue(cache["with"]["key"].startswith(cache["with"]["restore-keys"].strip()))
        run = next(step for step in steps if "--cache" in step.get("run", ""))
        self.assertIn(f"--cache {cache['with']['path']} ", run["run"])
        self.assertLess(steps.index(cache), steps.index(run))
        upload = next(step for step in steps if "upload-artifact" in step.get("uses", ""))
        for path in upload["with"]["path"].split():
            self.assertIn(path.split("/")[0], run["run"])

    def test_gitlab_job(self):
        (name, job), = yaml.safe_load(GITLAB.read_text()).items()
        self.assertLessEqual(set(job), GITLAB_JOB_KEYS, name)
        self.assertIn({"if": '$CI_PIPELINE_SOURCE == "schedule"'}, job["rules"])
        for line in job["before_script"] + job["script"]:
            self.assertIsInstance(line, str)
        folder, = job["cache"]["paths"]
        self.assertTrue(any(f"--cache {folder.rstrip('/')} " in line for line in job["script"]))
        for path in job["artifacts"]["paths"]:
            self.assertTrue(any(path.split("/")[0] in line for line in job["script"]), path)

    def test_containerfile(self):
        stages = {}
        stage = None
        for name, arguments in instructions(CONTAINERFILE.read_text()):
            with self.subTest(f"{name} {arguments}"):
                self.assertIn(name, {"FROM", "COPY", "RUN"})
                if name == "FROM":
                    base, _, alias = arguments.partition(" AS ")
                    # Pinned: "latest" is another image tomorrow.
                    self.assertTrue(base in stages or re.search(r":[\w.-]+$", base), base)
                    stage = alias or "last"
                    stages[stage] = []
                else:
                    self.assertIsNotNone(stage)
                    stages[stage].append((name, arguments))
                for source in re.findall(r"--from=(\S+)", arguments):
                    self.assertIn(source, stages)
        self.assertGreaterEqual(len(stages), 2)
        copied, = [arguments.split()[1] for name, arguments in stages["last"] if name == "COPY"]
        made = [words for name, arguments in stages["btf"] if name == "RUN"
                for words in command_lines(without_mounts(arguments))]
        self.assertIn(copied, made[0])

    def test_command_lines_have_options_that_exist(self):
        commands = {"run", "verify", "find", "wrap", "inspect", "report", "diff", "pack", "unpack"}
        known = {}
        seen = 0
        texts = [(document.name, code_of(document)) for document in DOCUMENTS] + list(shell_parts())
        for where, text in texts:
            for words in command_lines(text):
                command = words[:1] if words and words[0] in commands else []
                key = tuple(command)
                if key not in known:
                    known[key] = options_of(command)
                for word in words:
                    if word == ";" or word.startswith(("|", ">")):
                        break
                    if word.startswith("-") and word != "-":
                        with self.subTest(where=where, words=words):
                            self.assertIn(word.split("=")[0], known[key])
                        seen += 1
        self.assertGreaterEqual(seen, 30)

    def test_profiles_have_keys_that_exist(self):
        known = options_of([])
        profiles = sorted(CONFIGS.glob("*.toml"))
        self.assertGreaterEqual(len(profiles), 6)
        documented = (CONFIGS / "README.md").read_text()
        for profile in profiles:
            with self.subTest(profile.name):
                self.assertIn(f"--config configs/{profile.name} ", documented)
                for key in tomllib.loads(profile.read_text()):
                    self.assertIn(f"--{key}", known)


if __name__ == "__main__":
    harness.main(__doc__)
