"""Text that enters generated Starlark."""

_WORD = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,-./:=@_"
_PLAIN = {char: True for char in (_WORD + " !#$%&'()*;<>?[]^`{|}~").elems()}

def _octal(code):
    return "\\%d%d%d" % (code // 64, code // 8 % 8, code % 8)

_LOW = (
    "\000\001\002\003\004\005\006\007\010\011\012\013\014\015\016\017" +
    "\020\021\022\023\024\025\026\027\030\031\032\033\034\035\036\037"
)
_HIGH = (
    "\177\200\201\202\203\204\205\206\207\210\211\212\213\214\215\216\217" +
    "\220\221\222\223\224\225\226\227\230\231\232\233\234\235\236\237" +
    "\240\241\242\243\244\245\246\247\250\251\252\253\254\255\256\257" +
    "\260\261\262\263\264\265\266\267\270\271\272\273\274\275\276\277" +
    "\300\301\302\303\304\305\306\307\310\311\312\313\314\315\316\317" +
    "\320\321\322\323\324\325\326\327\330\331\332\333\334\335\336\337" +
    "\340\341\342\343\344\345\346\347\350\351\352\353\354\355\356\357" +
    "\360\361\362\363\364\365\366\367\370\371\372\373\374\375\376\377"
)

def _escapes():
    escapes = {"\"": "\\\"", "\\": "\\\\"}
    for code, char in enumerate(_LOW.elems()):
        escapes[char] = _octal(code)
    for code, char in enumerate(_HIGH.elems()):
        escapes[char] = _octal(127 + code)
    return escapes

_ESCAPES = _escapes()

def quote(text):
    """Returns a Starlark literal of the text, in ASCII.

    Bazel holds a file's bytes as one character each, so an octal escape a byte
    gives the same bytes back. `repr` is no use here: it leaves non-ASCII as it
    is, which `repository_ctx.file` encodes once more in older Bazel, and older
    Bazel does not read the escapes that it writes for control characters.

    Args:
      text: any string.

    Returns:
      The literal. A character beyond one byte, which only an escape in hand-made
      JSON can bring, becomes a question mark.
    """
    if not text.strip(_WORD):
        return "\"" + text + "\""
    return "\"" + "".join([
        char if char in _PLAIN else _ESCAPES.get(char, "?")
        for char in text.elems()
    ]) + "\""

def consists_of(text, characters):
    """Returns whether the text is not empty and has no other characters.

    Args:
      text: any string.
      characters: those that are allowed.
    """
    return bool(text) and not text.strip(characters)

def show(value):
    """Returns a value for an error message, quoted, and cut where it is long.

    Args:
      value: any value that came out of JSON.
    """
    text = value if type(value) == "string" else json.encode(value)
    return quote(text if len(text) <= 120 else text[:120] + "...")
