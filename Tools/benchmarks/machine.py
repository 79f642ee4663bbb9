"""What the figures were measured on, and with which versions of the peers."""
import os
import platform
import re
import shutil
import subprocess


def output(*command):
    """What a command prints, or why it does not."""
    if shutil.which(command[0]) is None:
        return "not installed"
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return done.stdout.strip() or f"status {done.returncode}"


def version(*command):
    match = re.search(r"\d+\.\d+[\w.+-]*", output(*command))
    return match[0] if match else output(*command).splitlines()[0]


def describe(binary, directory):
    os.makedirs(directory, exist_ok=True)
    with open("/proc/cpuinfo") as cpus, open("/proc/meminfo") as memory:
        model = re.search(r"model name\s*: (.*)", cpus.read())
        memory_kib = int(re.search(r"MemTotal:\s+(\d+)", memory.read())[1])
    root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    return {
        "date": output("date", "--utc", "+%Y-%m-%d %H:%M UTC"),
        "commit": output("git", "-C", root, "rev-parse", "--short", "HEAD"),
        "binary": binary,
        "cpu": f"{os.cpu_count()} x {model[1] if model else platform.machine()}",
        "memory GiB": round(memory_kib / (1 << 20), 1),
        "kernel": platform.release(),
        "file system": output("stat", "--file-system", "--format=%T", directory),
        "load before": os.getloadavg()[0],
        "nginx": version("nginx", "-v"),
        "docker-registry": version("docker-registry", "--version"),
        "skopeo": version("skopeo", "--version"),
        "SeaweedFS": version("weed", "version"),
        "rclone": version("rclone", "version"),
        "openssl": version("openssl", "version"),
        "wrk": version("wrk", "-v"),
    }
