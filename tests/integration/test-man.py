#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The manual pages against the programs: commands, options, exit codes, signals, message ids; their examples do what they
say. Keys of files are the matter of tests/unit, topics and fields that of test-mqtt-man.py."""

import glob
import os
import re
import shutil
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True  # not into the source tree
sys.path.insert(0, os.path.join(os.environ.get("srcdir", "."), "tests/integration"))
from broker import Tap  # noqa: E402
from hub import SRC, WORK, equal, squat, true, write  # noqa: E402

BUILD = os.path.abspath(os.environ.get("builddir", "."))
NOBODY = {**os.environ, "PATH": BUILD + ":" + os.environ.get("PATH", os.defpath), "DBUS_SYSTEM_BUS_ADDRESS": "unix:path=/nowhere"}
BASH = shutil.which("bash")

# Program, its page, and where it returns to the system.
PROGRAMS = {
    "repcastd": ("repcastd.8", ["src/repcastd.c", "src/hub/*.c"]),
    "repcastctl": ("repcastctl.1", ["src/repcastctl.c", "src/ctl/*.c"]),
    "repcast-sensor": ("repcast-sensor.1", ["src/repcast-sensor.c", "src/peripheral/*.c"]),
}
EVERYWHERE = {"-help", "-usage", "-version", "?", "V", "h"}  # told once, or by each program's --help


def read(path):
    with open(f"{SRC}/{path}", encoding="utf-8") as f:
        return f.read()


def page(program):
    return read("man/" + PROGRAMS[program][0])


def section(text, head):
    """What stands below a heading, up to the next of its rank or above."""
    lines = text.split("\n")
    begin = lines.index(head)
    above = r"\.Sh " if head.startswith(".Sh") else r"\.S[hs] "
    end = next((i for i in range(begin + 1, len(lines)) if re.match(above, lines[i])), len(lines))
    return "\n".join(lines[begin + 1:end]) + "\n"


def options_of_page(text):
    """Those of a list's heads: ".It Fl j , Fl -json"."""
    heads = re.findall(r"^\.It (Fl .*)$", text, re.M)
    return {o for head in heads for o in re.findall(r"(?:^|[ ,])Fl (-?[\w?-]+)", head.replace("\\&", ""))
            + re.findall(r", (-[\w-]+)", head)} - EVERYWHERE


def help_of(*command):
    return subprocess.run([f"{BUILD}/{command[0]}", *command[1:], "--help"], capture_output=True, text=True, check=True,
                          env=NOBODY).stdout


def options_of_help(text):
    """Long options with the name of what they take, and the short ones: {"-json": "", "j": "", "-seconds": "N"}."""
    found = {}
    for short, long, value in re.findall(r"^ +(?:-(\S), |    )--([a-z][a-z-]*)(\[?=\S+)?", text, re.M):
        found["-" + long] = value.strip("[]=")
        if short:
            found[short] = value.strip("[]=")
    return {k: v for k, v in found.items() if k not in EVERYWHERE}


def commands_of_help():
    return re.findall(r"^  ([a-z][a-z-]*) ", help_of("repcastctl").partition("Commands:\n")[2].partition("\n\n")[0], re.M)


def every_option_is_told():
    for program in ("repcastd", "repcast-sensor"):
        equal(options_of_page(page(program)), set(options_of_help(help_of(program))), f"options of {program}'s page")


def every_command_is_told():
    text = page("repcastctl")
    equal(re.findall(r"^\.Ss repcastctl (\S+)$", text, re.M), commands_of_help(), "commands of the page")
    synopsis = re.split(r"^\.Nm$", section(text, ".Sh SYNOPSIS"), flags=re.M)
    for command in commands_of_help():
        told, has = section(text, f".Ss repcastctl {command}"), options_of_help(help_of("repcastctl", command))
        like = re.search(r"^Options as for\n\.Cm (\S+) \.$", told, re.M)
        equal(options_of_page(section(text, f".Ss repcastctl {like[1]}") if like else told), set(has),
              f"options of repcastctl {command} on the page")
        short = [s for s in synopsis if re.search(rf"^\.Cm (.* )?{command}\b", s, re.M)]
        equal(len(short), 1, f"lines of {command} in the synopsis")
        named = re.findall(r"Fl (-?[\w-]+)", short[0])
        named = {n for word in named for n in ([word] if word.startswith("-") else word)}
        letters = {o for o in has if len(o) == 1}
        help_text = help_of("repcastctl", command)
        alone = {o for o in has if len(o) > 1 and not re.search(rf"-\S, -{o}\b", help_text)}
        equal(named, letters | alone, f"options of {command} in the synopsis")


def bash_knows_them():
    """What the shell completes is what there is; only files are left to the shell itself."""
    if not BASH:
        return "no bash here"

    def shell(script):
        return subprocess.run([BASH, "--norc", "-c", f'source "{os.path.abspath(SRC)}/completion/repcastctl"; {script}'], env=NOBODY,
                              capture_output=True, text=True, check=False)
    equal(shell("_repcastctl_commands").stdout.split(), commands_of_help(), "commands")
    for command in commands_of_help():
        has = options_of_help(help_of("repcastctl", command))
        equal({o[1:] for o in shell(f"_repcastctl_options {command}").stdout.split()} - EVERYWHERE,
              {o for o in has if len(o) > 1}, f"options of {command}")
        for option, value in has.items():
            if value and value not in ("FILE", "FOLDER", "DIR", "PICTURE"):
                name = "-" + option
                equal(shell(f"_repcastctl_value {command} {name}").returncode, 0,
                      f"bash offers files for {command} {name} {value}; exit status")
    return None


def exit_codes_are_told():
    for program, (name, sources) in PROGRAMS.items():
        text = "".join(read(os.path.relpath(p, SRC)) for s in sources for p in sorted(glob.glob(f"{SRC}/{s}")))
        returned = {getattr(os, e) for e in re.findall(r"\bEX_[A-Z]+\b", text)} | {0}
        told = {int(n) for n in re.findall(r"^\.It (\d+)$", section(page(program), ".Sh EXIT STATUS"), re.M)}
        equal({n for n in told if n == 0 or n >= 64}, returned, f"exit codes in {name}")  # others are told by a command's help
        helped = help_of(program).partition("Exit status:")[2].partition("\n\n")[0]
        if helped:
            equal({int(n) for n in re.findall(r"(?:^|; ?|\n)\s*(\d\d?)\b", helped)} | {0}, told, f"exit codes of {program} --help")
    helped = help_of("repcastctl", "doctor").partition("Exit status:")[2].partition("\n\n")[0]
    told = {int(n) for n in re.findall(r"^\.It (\d+)$", section(page("repcastctl"), ".Sh EXIT STATUS"), re.M)}
    equal({n for n in told if n < 64}, {int(n) for n in re.findall(r"\b(\d) ", helped)}, "exit codes of the doctor")


def signals_are_told():
    taken = set(re.findall(r"\bSIG(?:TERM|INT|HUP|USR1|USR2)\b", read("src/repcastd.c") + read("src/hub/hub.c")))
    told = set(re.findall(r"\bSIG\w+", section(page("repcastd"), ".Ss Signals")))
    equal(told, taken, "signals in repcastd.8")


def message_ids_are_told():
    ids = re.findall(r'= "([0-9a-f]{32})"', read("src/util/log.c"))
    true(len(ids) >= 11 and len(set(ids)) == len(ids), f"ids in the source: {ids}")
    equal(re.findall(r"^\.It Li ([0-9a-f]{32}) Ta \w", page("repcastd"), re.M), ids, "ids in repcastd.8")
    fields = set(re.findall(r'"(REPCAST_[A-Z]+)=', read("src/util/log.c")))
    equal(set(re.findall(r"REPCAST_[A-Z]+", section(page("repcastd"), ".Ss Log"))), fields, "fields in repcastd.8")


def examples(text):
    return [line.replace("\\(dq", '"').replace("\\e", "\\") for line in re.findall(r"^\.Dl [$#]? ?(.*)$", text, re.M)]


def examples_of_files_are_in_order():
    """The configuration, the tables and the profile of the EXAMPLES sections, and the configuration of README.md."""
    def literal(name):
        return re.search(r"^\.Bd -literal.*?\n(.*?)^\.Ed", section(read("man/" + name), ".Sh EXAMPLES"), re.S | re.M)[1].replace("\\&", "")

    def run(*command):
        done = subprocess.run([f"{BUILD}/{command[0]}", *command[1:]], capture_output=True, text=True, check=False, env=NOBODY)
        equal(done.returncode, 0, f"exit status of {command}: {done.stderr}")
        return done.stdout
    run("repcastd", "--check-config", "--config", write("example.conf", literal("repcast.conf.5")))
    readme = read("README.md")
    run("repcastd", "--check-config", "--config", write("readme.conf", re.search(r"^```ini\n(.*?)^```", readme, re.S | re.M)[1]))
    for profile in glob.glob(SRC + "/conf/profiles/*.conf"):
        true(f"`{os.path.basename(profile)[:-5]}`" in readme, f"README.md does not tell of {profile}")
    run("repcastctl", "check-profiles", write("example-profile.conf", literal("repcast-profile.5")))
    run("repcastctl", "prescriptions", "--file", write("example-prescriptions.conf", literal("repcast-prescriptions.5")))
    lifts = literal("repcast-exercises.5")
    lift = re.search(r"^\[([a-z0-9-]+)\]", lifts, re.M)[1]
    path = write("example-exercises.conf", lifts)
    run("repcastd", "--check-config", "--config", write("lifts.conf", f"[hub]\nExercises={path}\n[station a]\nExercise={lift}\n"))


def defaults_are_told():
    """Of every key of repcast.conf, as the daemon itself has them."""
    path = write("plain.conf", "[station rack-1]\nExercise=back-squat\n")
    dump = subprocess.run([f"{BUILD}/repcastd", "--dump-config", "--config", path], capture_output=True, text=True, check=True,
                          env=NOBODY).stdout
    defaults = re.findall(r"^# default\n(\w+)=(.*)$", dump, re.M)
    true(len(defaults) > 50, f"keys with a default: {len(defaults)}")
    text, missing = read("man/repcast.conf.5"), []
    for key, value in defaults:
        told = re.search(rf"^\.It Cm {key} Ns = Ns [^\n]*\n(.*?)(?=^\.(?:It|El))", text, re.S | re.M)[1]
        told_defaults = re.findall(r"\bdefault:?\s(?:\.(?:Ql|Cm) )?(\S+?)[,.:;]?(?:\s|$)", told, re.I)
        if key in ("Name", "Profiles"):  # made of the host's name and of the file's folder
            value = ""
        if value not in told_defaults if value else not re.search(r"Unset:|go before", told):
            missing.append(f"{key}={value}")
    equal(missing, [], "defaults that repcast.conf.5 does not tell")


def try_example(folder, command):
    """Runs it as a shell would, where nothing runs that it could speak to."""
    command = command.removeprefix("sudo ")
    words = command.split()
    if words[1] == "setup-broker":
        command = f"repcastctl setup-broker --yes --root {folder} {' '.join(words[2:])}"  # in which is no mosquitto
    if words[0] == "repcastd" and "--config" not in words:
        command += " --config demo.conf"
    command = command.replace("repcastctl history", "repcastctl history --store none.db", 1)  # not one of this machine
    command = command.replace("repcastctl doctor", f"repcastctl doctor --root {folder}", 1)  # which is no hub
    command = command.replace("repcastctl bugreport", f"repcastctl bugreport --force --root {folder}", 1)
    command = command.replace("--speed 1 ", "--speed 100 ", 1)  # nobody waits for it
    wanted = {"history": 66, "replay": 0, "check-profiles": 0, "prescriptions": 0, "--check-config": 0,
              "setup-broker": 0 if "--undo" in words else 69, "doctor": 0 if "--list" in words else 1, "bugreport": 0}.get(words[1], 69)
    # 69: no hub, no broker, no bus for a sensor
    done = subprocess.run(["timeout", "60", BASH or "sh", *(["-o", "pipefail"] if BASH else []), "-c", command], cwd=folder,
                          capture_output=True, text=True, check=False, env=NOBODY)
    equal(done.returncode, wanted, f"exit status of: {command}\n{done.stderr}")


def examples_of_commands_are_understood():
    """Each command of a page or of a program's help. What works on recordings does; what speaks to a hub finds none, and
    knows its options all the same."""
    folder = tempfile.mkdtemp(dir=WORK)
    for name in ("set.rec", "squat.rec"):
        shutil.copy(squat(), f"{folder}/{name}")
    shutil.copy(SRC + "/conf/profiles/repcast-bar.conf", folder + "/my-sensor.conf")
    subprocess.run([f"{BUILD}/tests/synth/repcast-synth", "--layout", "csv", "-o", folder + "/set.csv", "--reps", "3", "--exercise",
                    "back-squat", "--seed", "3"], check=True, stdout=subprocess.DEVNULL)
    write(os.path.relpath(folder, WORK) + "/demo.conf",
          "[mqtt]\nBroker=127.0.0.1:1\n[station rack-1]\nExercise=back-squat\nRecording=set.rec\nRecordingSpeed=1000\n")
    texts = [page(p) for p in PROGRAMS]
    commands = [c for text in texts for c in examples(text)]
    for words in [(p,) for p in PROGRAMS] + [("repcastctl", c) for c in commands_of_help()]:
        commands += re.findall(r"^  ((?:sudo )?repcast[\w-]* .*?)(?:   .*)?$", help_of(*words).partition("Example")[2], re.M)
    done = 0
    for command in commands:
        program = re.match(r"(?:sudo )?(\S+)", command)[1]
        if program == "journalctl":
            for field in re.findall(r"(\w+)=", command):
                true(field in ("MESSAGE_ID", "REPCAST_STATION"), f"{command}: no such field")
            continue
        try_example(folder, command)
        done += 1
    true(done >= 40, f"examples: {done}")
    return f"{done} examples"


if __name__ == "__main__":
    for tool in ("jq", "xz"):  # examples pipe into them
        if not shutil.which(tool):
            print(f"1..0 # SKIP {tool} is not installed")
            sys.exit(0)
    sys.exit(Tap([every_option_is_told, every_command_is_told, bash_knows_them, exit_codes_are_told, signals_are_told,
                  message_ids_are_told, defaults_are_told, examples_of_files_are_in_order, examples_of_commands_are_understood]).run())
