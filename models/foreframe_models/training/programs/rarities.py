"""Idioms of constructs that are rare, so that none is unknown; notation as in `idioms`."""

# ruff: noqa: E501 - variants of one line belong together

IDIOMS = r"""
> module
async def $f($x):
    return $x [[+|*]] #k

async def $g($n):
    $r = await $f($n)
    return $r

$c = $g(#n)
try:
    $c.send(None)
except StopIteration as $e:
    $v = $e.value
print($v)
> $f(I, S)
class $C:
    def __init__(self, $x):
        self.$x = $x

    def __repr__(self):
        return f'$C({self.$x})'

    def __str__(self):
        return str(self.$x)

    def __len__(self):
        return len(str(self.$x))

    def __getitem__(self, $i):
        return str(self.$x)[$i]

def $f($n, $s):
    $o = $C($n)
    setattr($o, '$b', $s)
    $r = getattr($o, '$b', None)
    $h = hasattr($o, [['$b'|'$x'|'missing']])
    return $r, $h, [[len($o)|$o[0]|str($o)|getattr($o, 'none', -1)]]
> $f(E)
def $f($a: list[int]) -> int:
    $s = slice([[1, 3|0, 2|None, 2]])
    $b: list[int] = $a[$s]
    return [[sum($b)|len($b)|max($b, default=0)]]
> $f(P)
def $f($n):
    $a = oct($n)
    $b = hex($n)
    $c = bin($n)
    return [[$a, $b, $c|$a + $b|$c[2:]|len($c)]]
> $f(S)
def $f($s):
    $b = bytes($s[:5], [['utf-8'|"utf-8"]])
    $r = [[bytearray($b)|list($b)|$b.hex()|$b[0] if $b else 0|sum($b)]]
    return $r
> $f(S)
def $f($s):
    $a = ascii($s)
    $r = repr($s)
    return $a == $r, len($r) - len($s)
> $f(LI)
import itertools

def $f($a):
    return [[list(itertools.accumulate($a))|list(itertools.chain($a, $a))|list(itertools.islice($a, 2))|list(itertools.combinations(sorted($a), 2))]]
> $f(LI)
import functools

def $f($a):
    return functools.reduce(lambda $x, $y: [[$x + $y|$x * 2 - $y|max($x, $y)]], $a, [[0|1|#n]])
> $f(J)
import functools

@functools.lru_cache(maxsize=None)
def $f($n):
    if $n < 2:
        return $n
    return $f($n - 1) + $f($n - 2)
> $f(J)
def $f($n):
    ...
    if $n > 1:
        if $n > 2:
            if $n % 2 == 0:
                for $i in range($n):
                    if $i > 1:
                        while $n > $i:
                            $n -= 1
                            if $n == 3:
                                pass
                                return -1
    return $n
> $f(LLI)
def $f($m):
    $t = 0
    for $r in $m:
        for $x in $r:
            if $x > 2:
                if $x % 2:
                    for $i in range(2):
                        if $i:
                            if $x > #k:
                                for $j in range(1):
                                    if $t > 20:
                                        if $j == 0:
                                            $t -= 3
                                    else:
                                        $t += $x
    return $t
> $f(S)
def $f($s):
    $q = "it's " + $s
    $w = 'say "' + $s[:4] + '"'
    $z = $q + $w
    return [[$z|$z.split('"')|$z.count("'")|$q.replace("'", "\\")|$w.split("\"")[1]]]
> $f(LI)
def $f($a):
    $i = iter($a)
    $r = []
    while True:
        try:
            $r.append(next($i))
        except StopIteration:
            break
    return $r
> $f(I, I)
def $f($a, $b):
    assert $a [[!=|<|>|==]] $b, [['bad'|f'{$a} and {$b}']]
    return hash($a) == hash($b)
> $f(LS)
def $f($a):
    $d = dict.fromkeys($a, [[0|None|1]])
    for $k in $d.keys():
        $d[$k] = [[len($k)|$k.swapcase()|$k.center(7, '*')|$k.rjust(6)]]
    return [[$d|list($d.values())|bool($d)]]
> $f(S)
def $f($s):
    $r = []
    for $c in $s:
        if $c.[[isspace|isnumeric|isdecimal|istitle|isidentifier|isprintable|isascii|islower|isupper|isalnum]]():
            $r.append($c)
    return [[len($r)|''.join($r)|$r]]
> $f(LI)
def $f($a):
    $b = $a.copy()
    $c = [[list($a)|$a[:]|$b]]
    $b.append([[len($a)|#n]])
    $c.[[insert(0, #n)|extend([1, 2])|reverse()|clear()]]
    return $a, $b, $c
> $f(LI, I)
def $f($a, $x):
    while $x in $a:
        $a.remove($x)
    $a.extend([[[$x]|$a[:2]|range(2)]])
    return [[$a|$a.count($x)|$a.index($x) if $x in $a else None]]
> $f(S, S)
def $f($a, $b):
    [[return $a.count($b)|return $a.rstrip($b)|return $a.lstrip($b)|return $a.removeprefix($b)|return $a.removesuffix($b)|return $a.rindex($b) if $b in $a else -1|return $a.rsplit($b or ' ', 1)|return $a.casefold() == $b.casefold()|return bool($b) and $a.endswith($b)|return $a.splitlines()]]
"""
