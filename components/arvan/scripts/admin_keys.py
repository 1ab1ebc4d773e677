"""Lets cloud.adminSshKeys log in, and nobody any more whose key has left that list.

Called with the login user's authorized_keys, root's, and cloud-init's user data. The keys of the list are a block of the login
user's file. Those of an earlier list are in that block or, from the first boot, in the user data; they go from both files. The
program's own key stays, and so do those that somebody put there by hand. Prints the keys of the list, as JSON.
"""

import json
import os
import re
import sys
import tempfile

# Both are put in here.
OWN = ""
WANTED = []

BEGIN = "# begin of cloud.adminSshKeys (pulumi writes this block; keys of others go outside of it)"
END = "# end of cloud.adminSshKeys"
KEY = re.compile(r"(?<![0-9A-Za-z+/])AAAA[0-9A-Za-z+/]+=*")


def key_in(line):
    """The key of a line of authorized_keys, without type, options and comment; None if it has none."""
    found = KEY.search(line)
    return found.group() if found and not line.lstrip().startswith("#") else None


def lines_of(path):
    try:
        with open(path, encoding="utf-8", errors="surrogateescape") as file:
            return file.read().splitlines()
    except FileNotFoundError:
        return []


def without_block(path):
    """The lines outside of the block, and the keys in it."""
    outside, inside, open_since = [], set(), 0
    for number, line in enumerate(lines_of(path), 1):
        if line.strip() == BEGIN and not open_since:
            open_since = number
        elif line.strip() == END and open_since:
            open_since = 0
        elif open_since:
            inside.add(key_in(line))
        else:
            outside.append(line)
    if open_since:
        sys.exit(f"{path} on {os.uname().nodename}: the block that begins at line {open_since} has no end, so that its keys cannot be told "
                 f"from those of others: put the line '{END}' behind its last key, and run up again")
    return outside, inside


def write(path, lines):
    """Replaces the file as a whole: one that is cut lets nobody in."""
    if lines == lines_of(path):
        return
    path = os.path.realpath(path)
    directory = os.path.dirname(path)
    owner = os.stat(os.path.dirname(directory))
    if not os.path.isdir(directory):
        os.mkdir(directory, 0o700)
        os.chown(directory, owner.st_uid, owner.st_gid)
    with tempfile.NamedTemporaryFile("w", dir=directory, delete=False, encoding="utf-8", errors="surrogateescape") as file:
        try:
            file.write("".join(line + "\n" for line in lines))
            file.flush()
            os.fsync(file.fileno())
            os.chmod(file.name, 0o600)
            os.chown(file.name, owner.st_uid, owner.st_gid)
            os.replace(file.name, path)
        except BaseException:
            os.unlink(file.name)
            raise


def main():
    login_file, root_file, user_data = sys.argv[1:]
    outside, ours = without_block(login_file)
    for line in lines_of(user_data):
        ours.update(KEY.findall(line))
    wanted = {key_in(line) for line in WANTED}
    own = key_in(OWN)
    ours -= {own, None}

    kept = [line for line in outside if key_in(line) not in ours | wanted - {own}]
    block = list(WANTED)
    if own not in map(key_in, kept + block):
        block.insert(0, OWN)
    write(login_file, kept + [BEGIN, *block, END])
    if os.path.realpath(root_file) != os.path.realpath(login_file):
        write(root_file, [line for line in lines_of(root_file) if key_in(line) not in ours - wanted])
    print(json.dumps(WANTED))


main()
