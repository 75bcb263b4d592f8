"""Debian's libopendkim, called as it is: another signer and another verifier for the DKIM tests."""
import ctypes
import ctypes.util
import tempfile

SETOPT, QUERYMETHOD, QUERYINFO = 1, 6, 7
QUERY_FILE = ctypes.c_int(1)
CANON = {"simple": 0, "relaxed": 1}
ALGORITHM = {b"rsa-sha256": 1, b"ed25519-sha256": 2}
OK, NEWHEADER = 0, len("DKIM-Signature: ")


def library():
    """The loaded library, or None: the package is not installed."""
    try:
        lib = ctypes.CDLL("libopendkim.so.11")
    except OSError:
        return None
    lib.dkim_init.restype = lib.dkim_sign.restype = lib.dkim_verify.restype = ctypes.c_void_p
    lib.dkim_sign.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p, ctypes.c_char_p, ctypes.c_char_p,
                              ctypes.c_char_p, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_ssize_t,
                              ctypes.POINTER(ctypes.c_int)]
    lib.dkim_verify.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p, ctypes.POINTER(ctypes.c_int)]
    for name in ("dkim_header", "dkim_body"):
        getattr(lib, name).argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_size_t]
    lib.dkim_eoh.argtypes = lib.dkim_free.argtypes = lib.dkim_close.argtypes = [ctypes.c_void_p]
    lib.dkim_eom.argtypes = [ctypes.c_void_p, ctypes.c_void_p]
    lib.dkim_getsighdr_d.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.POINTER(ctypes.c_char_p),
                                     ctypes.POINTER(ctypes.c_size_t)]
    lib.dkim_options.argtypes = [ctypes.c_void_p, ctypes.c_int, ctypes.c_int, ctypes.c_void_p, ctypes.c_size_t]
    lib.dkim_getsiglist.argtypes = [ctypes.c_void_p, ctypes.POINTER(ctypes.POINTER(ctypes.c_void_p)),
                                    ctypes.POINTER(ctypes.c_int)]
    for name in ("dkim_sig_getflags", "dkim_sig_getbh", "dkim_sig_geterror"):
        getattr(lib, name).argtypes = [ctypes.c_void_p]
    return lib


def fields(header):
    """The header's fields, each with its folds and without its last CRLF."""
    out = []
    for line in header.split(b"\r\n"):
        if line[:1] in (b" ", b"\t") and out:
            out[-1] += b"\r\n" + line
        elif line:
            out.append(line)
    return out


class OpenDkim:
    def __init__(self, lib):
        self.lib = lib
        self.handle = lib.dkim_init(None, None)
        self.file = tempfile.NamedTemporaryFile("w", suffix=".keys")
        path = ctypes.create_string_buffer(self.file.name.encode())
        assert lib.dkim_options(self.handle, SETOPT, QUERYMETHOD, ctypes.byref(QUERY_FILE), 4) == OK
        assert lib.dkim_options(self.handle, SETOPT, QUERYINFO, path, len(path)) == OK

    def close(self):
        self.lib.dkim_close(self.handle)
        self.file.close()

    def keys(self, records):
        self.file.seek(0)
        self.file.truncate()
        for name, text in records.items():
            self.file.write(f"{name} {text}\n")
        self.file.flush()

    def feed(self, dkim, message):
        header, _, body = message.partition(b"\r\n\r\n")
        first = OK
        for field in fields(header):
            first = first or self.lib.dkim_header(dkim, field, len(field))
        first = first or self.lib.dkim_eoh(dkim)
        if body:
            self.lib.dkim_body(dkim, body, len(body))
        return first, self.lib.dkim_eom(dkim, None)

    def sign(self, message, key, head, body, domain="example.com", selector="sel", length=-1):
        status = ctypes.c_int()
        dkim = self.lib.dkim_sign(self.handle, b"test", None, key.pem, selector.encode(), domain.encode(), CANON[head],
                                  CANON[body], ALGORITHM[key.algorithm], length, ctypes.byref(status))
        assert dkim, status
        text, size = ctypes.c_char_p(), ctypes.c_size_t()
        assert self.feed(dkim, message)[1] == OK
        assert self.lib.dkim_getsighdr_d(dkim, NEWHEADER, ctypes.byref(text), ctypes.byref(size)) == OK
        value = ctypes.string_at(text, size.value)
        self.lib.dkim_free(dkim)
        return b"DKIM-Signature: " + value.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n") + b"\r\n"

    def verify(self, message):
        """Does it believe the topmost signature?"""
        status = ctypes.c_int()
        dkim = self.lib.dkim_verify(self.handle, b"test", None, ctypes.byref(status))
        assert dkim, status
        result = self.feed(dkim, message)
        self.lib.dkim_free(dkim)
        return result == (OK, OK)
