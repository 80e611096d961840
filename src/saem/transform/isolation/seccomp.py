"""A filter of system calls (Linux, x86-64 and ARM64): no network, no other programs, no changes to files, no signals to others.

What is forbidden fails with EPERM, so that a library that merely tries goes on. Threads inherit it, and it cannot be undone.
Source: https://docs.kernel.org/userspace-api/seccomp_filter.html
"""
import ctypes
import os
import platform
import struct
from collections.abc import Iterator

# name -> its number on (x86-64, ARM64); -1 = not there
_NUMBERS: dict[str, tuple[int, int]] = {
    "socket": (41, 198), "connect": (42, 203), "bind": (49, 200), "listen": (50, 201), "accept": (43, 202), "accept4": (288, 242),
    "sendto": (44, 206), "sendmsg": (46, 211), "sendmmsg": (307, 269),
    "creat": (85, -1), "unlink": (87, -1), "unlinkat": (263, 35), "rename": (82, -1), "renameat": (264, 38), "renameat2": (316, 276),
    "mkdir": (83, -1), "mkdirat": (258, 34), "rmdir": (84, -1), "link": (86, -1), "linkat": (265, 37), "symlink": (88, -1),
    "symlinkat": (266, 36), "mknod": (133, -1), "mknodat": (259, 33), "chmod": (90, -1), "fchmod": (91, 52), "fchmodat": (268, 53),
    "fchmodat2": (452, 452), "chown": (92, -1), "fchown": (93, 55), "lchown": (94, -1), "fchownat": (260, 54), "truncate": (76, 45),
    "utime": (132, -1), "utimes": (235, -1), "futimesat": (261, -1), "utimensat": (280, 88), "setxattr": (188, 5),
    "lsetxattr": (189, 6), "fsetxattr": (190, 7), "removexattr": (197, 14), "lremovexattr": (198, 15), "fremovexattr": (199, 16),
    "ptrace": (101, 117), "process_vm_readv": (310, 270), "process_vm_writev": (311, 271), "pidfd_open": (434, 434),
    "pidfd_getfd": (438, 438), "pidfd_send_signal": (424, 424), "rt_sigqueueinfo": (129, 138), "rt_tgsigqueueinfo": (297, 240),
    "mount": (165, 40), "umount2": (166, 39), "pivot_root": (155, 41), "chroot": (161, 51), "unshare": (272, 97), "setns": (308, 268),
    "open_tree": (428, 428), "move_mount": (429, 429), "fsopen": (430, 430), "mount_setattr": (442, 442),
    "bpf": (321, 280), "perf_event_open": (298, 241), "userfaultfd": (323, 282), "keyctl": (250, 219), "add_key": (248, 217),
    "request_key": (249, 218), "io_uring_setup": (425, 425), "io_setup": (206, 0), "kexec_load": (246, 104), "init_module": (175, 105),
    "finit_module": (313, 273), "reboot": (169, 142), "swapon": (167, 224), "swapoff": (168, 225), "syslog": (103, 116),
    "setsid": (112, 157), "setpgid": (109, 154), "shmget": (29, 194), "msgget": (68, 186), "semget": (64, 190), "mq_open": (240, 180),
    "open_by_handle_at": (304, 265), "name_to_handle_at": (303, 264), "quotactl": (179, 60), "acct": (163, 89),
    "iopl": (172, -1), "ioperm": (173, -1), "modify_ldt": (154, -1), "personality": (135, 92), "vhangup": (153, 58),
}
# forbidden too where no other program may be started
_STARTING: dict[str, tuple[int, int]] = {
    "execve": (59, 221), "execveat": (322, 281), "fork": (57, -1), "vfork": (58, -1), "kill": (62, 129), "tkill": (200, 130)}
_OPENING = {"open": (2, -1), "openat": (257, 56)}              # by their flags
_CLONE, _TGKILL = (56, 220), (234, 131)
_NOT_THERE = {"clone3": (435, 435), "openat2": (437, 437)}      # their arguments cannot be looked at: libraries then take the older call
_ARCHITECTURES = {"x86_64": (0xC000003E, 0), "aarch64": (0xC00000B7, 1)}

_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOW, _KILL, _ERRNO = 0x7FFF0000, 0x80000000, 0x00050000
_EPERM, _ENOSYS = 1, 38
_NUMBER_AT, _ARCHITECTURE_AT, _ARGUMENT_AT = 0, 4, 16           # struct seccomp_data; arguments are 8 bytes, the low half first
_CLONE_THREAD = 0x00010000
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


def restrict(libc: ctypes.CDLL, may_start_programs: bool = False) -> bool:
    """Put the filter on this process and all its threads. Returns whether it holds from now on."""
    if platform.machine() not in _ARCHITECTURES:
        return False
    mark, column = _ARCHITECTURES[platform.machine()]
    program = b"".join(_program(mark, column, may_start_programs))
    code = ctypes.create_string_buffer(program, len(program))

    class Filter(ctypes.Structure):
        _fields_ = [("length", ctypes.c_ushort), ("code", ctypes.c_void_p)]

    given = Filter(len(program) // 8, ctypes.cast(code, ctypes.c_void_p))
    return int(libc.prctl(22, 2, ctypes.byref(given), 0, 0)) == 0      # PR_SET_SECCOMP, SECCOMP_MODE_FILTER


def _step(code: int, value: int, then: int = 0, otherwise: int = 0) -> bytes:
    """One instruction; `then` and `otherwise` are how many to skip."""
    return struct.pack("HBBI", code, then, otherwise, value)


def _program(mark: int, column: int, may_start_programs: bool) -> Iterator[bytes]:
    refused = _step(_RETURN, _ERRNO | _EPERM)
    yield _step(_LOAD, _ARCHITECTURE_AT)
    yield _step(_EQUAL, mark, 1)
    yield _step(_RETURN, _KILL)
    yield _step(_LOAD, _NUMBER_AT)
    if not column:                                              # the calls of x32 are others under the same mark
        yield _step(_AT_LEAST, 0x40000000, 0, 1)
        yield refused
    for numbers in _NOT_THERE.values():
        yield _step(_EQUAL, numbers[column], 0, 1)
        yield _step(_RETURN, _ERRNO | _ENOSYS)
    for numbers in (_NUMBERS if may_start_programs else {**_NUMBERS, **_STARTING}).values():
        if numbers[column] >= 0:
            yield _step(_EQUAL, numbers[column], 0, 1)
            yield refused
    for name, numbers in _OPENING.items():
        if numbers[column] >= 0:
            yield from _if_argument(numbers[column], 1 if name == "open" else 2, [_step(_ANY_BIT, _WRITING, 0, 1), refused])
    if not may_start_programs:
        yield from _if_argument(_CLONE[column], 0, [_step(_ANY_BIT, _CLONE_THREAD, 1, 0), refused])
        yield from _if_argument(_TGKILL[column], 0, [_step(_EQUAL, os.getpid(), 1, 0), refused])
    yield _step(_RETURN, _ALLOW)


def _if_argument(number: int, position: int, steps: list[bytes]) -> Iterator[bytes]:
    """Where the call is `number`: its argument's low half through `steps`, and what they do not refuse is allowed."""
    yield _step(_EQUAL, number, 0, len(steps) + 2)
    yield _step(_LOAD, _ARGUMENT_AT + 8 * position)
    yield from steps
    yield _step(_RETURN, _ALLOW)
