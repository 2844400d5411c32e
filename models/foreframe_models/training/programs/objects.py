"""Idioms with classes, and scripts at module level; their notation is told in `idioms`."""

IDIOMS = r"""
> $f(I, I)
class $P:
    def __init__(self, $x, $y):
        self.$x = $x
        self.$y = $y

    def __repr__(self):
        return f'[[$P|P]]({self.$x}, {self.$y})'

    def $m(self, $d):
        self.$x += $d
        return self.$x [[+|*|-]] self.$y

def $f($a, $b):
    $p = $P($a, $b)
    $r = $p.$m(#k)
    return [[$r|$p|($p, $r)|$p.$x]]
> $f(LI)
class $S:
    def __init__(self):
        self.$it = []

    def __repr__(self):
        return f'$S({self.$it})'

    def $push(self, $x):
        self.$it.append($x)

    def $pop(self):
        if not self.$it:
            return None
        return self.$it.pop([[|0]])

def $f($a):
    $s = $S()
    for $x in $a:
        $s.$push($x)
    $t = $s.$pop()
    return $t, [[$s|len($s.$it)]]
> module
from dataclasses import dataclass

@dataclass
class $P:
    $x: int
    $y: int = #k

    def $m(self):
        return self.$x * self.$y

$p = $P(#n)
$q = $P(#n, #n)
$p.$x += #k
[[$p.$y = $q.$m()|$q.$y -= 1|$q.$x = $p.$x]]
print($p.$m(), [[$q|$p == $q|$q.$y]])
> $f(I, S)
from dataclasses import dataclass, field

@dataclass
class $P:
    $n: str
    $v: int = 0
    $t: list = field(default_factory=list)

def $f($a, $b):
    $p = $P($b, $a)
    $p.$t.append([[$b[:2]|$a|len($b)]])
    $p.$v += #k
    [[$p.$t.append($a)|$p.$n = $p.$n.upper()|$p.$t = [0]|$p.$n += '!']]
    return $p
> module
class $A:
    def __init__(self, $n):
        self.$n = $n

    def __repr__(self):
        return f"$A({self.$n!r})"

    def $fs(self):
        return [['...'|#w|self.$n.upper()]]

class $B($A):
    def $fs(self):
        return self.$n + [[' says hi'|'!'|super().$fs()]]

$a = [$A(#w), $B(#w)]
for $x in $a:
    print($x.$fs())
> module
class $A:
    def __init__(self, $b=0):
        self.$b = $b
        self.$h = []

    def __repr__(self):
        return f'<$A {self.$b}>'

    def $fd(self, $x):
        if $x <= 0:
            raise ValueError([['bad amount'|'amount must be positive'|#w]])
        self.$b += $x
        self.$h.append($x)
        return self

    def $fw(self, $x):
        if $x > self.$b:
            return False
        self.$b -= $x
        return True

$a = $A([[#n|100|50]])
$a.$fd(#k)
$ok = $a.$fw([[20|5|#n]])
try:
    $a.$fd([[0|-1|#k]])
except ValueError as $e:
    print('error:', $e)
print($a.$b, $ok)
> $f(I, I)
class $V:
    def __init__(self, $x, $y):
        self.$x, self.$y = $x, $y

    def __add__(self, $o):
        return $V(self.$x + $o.$x, self.$y + $o.$y)

    def __eq__(self, $o):
        return self.$x == $o.$x and self.$y == $o.$y

    def __repr__(self):
        return f'$V({self.$x}, {self.$y})'

def $f($a, $b):
    $p = $V($a, #k)
    $q = $V($b, $a)
    return [[$p + $q|$p == $q|($p + $q).$x|$p + $p]]
> $f(I)
class $A:
    $k = #k

    @staticmethod
    def $fs($x):
        return $x + 1

    @classmethod
    def $fc(cls, $x):
        return cls.$k * $x

    @property
    def $p(self):
        return self.$k - 1

    def __repr__(self):
        return '$A()'

def $f($n):
    $o = $A()
    return $A.$fs($n), $A.$fc($n), $o.$p
> module
class $N:
    def __init__(self, $v, $x=None):
        self.$v = $v
        self.$x = $x

    def __repr__(self):
        return f'$N({self.$v})'

$a = $N(#n)
$a = $N(#n, $a)
$a = $N(#n, $a)
$t = 0
$c = $a
while $c:
    $t += $c.$v
    $c = $c.$x
print($t)
> module
class $E(Exception):
    pass

def $f($x):
    if $x [[>|<|==]] #n:
        raise $E([[f'bad {$x}'|#w|$x]])
    return $x

$r = []
for $i in [[range(#k)|[#n, #n, #n]]]:
    try:
        $r.append($f($i))
    except $E as $e:
        $r.append([[str($e)|-1]])
print($r)
> module
class $C:
    def __init__(self, $n):
        self.$n = $n

    def __enter__(self):
        print('enter', self.$n)
        return self

    def __exit__(self, $t, $v, $b):
        print('exit')
        return [[False|True]]

    def __repr__(self):
        return '$C(%r)' % self.$n

with $C(#w) as $c:
    $x = $c.$n[[.upper()| * 2|[::-1]]]
    [[print($x)|$x += '!'|$y = len($x)]]
print($x)
> module
class $C:
    def __init__(self, $n):
        self.$n = $n
        self.$i = 0

    def __repr__(self):
        return f'$C({self.$n}, {self.$i})'

    def __iter__(self):
        return self

    def __next__(self):
        if self.$i >= self.$n:
            raise StopIteration
        self.$i += 1
        return self.$i

$t = []
for $x in $C([[2|3|4]]):
    $t.append($x)
print($t)
> module
def $fd($g):
    def $w(*$a):
        $r = $g(*$a)
        return $r [[* 2|+ 1|]]
    return $w

@$fd
def $f($x, $y=#k):
    return $x [[+|*]] $y

print($f(#n), $f(#n, #n))
> module
def $f($a):
    $t = 0
    for $x in $a:
        $t += $x
    return $t

def $g($a):
    return $f($a) / len($a)

$d = [#n, #n, #n, #n]
$r = $f($d)
$m = [[$g($d)|$f($d[1:])|$r // 2]]
print(f'{$r} {$m[[:.1f|]]}')
> module
$k = #k

def $f($x):
    return $x * $k

def $g($x):
    global $k
    $k += 1
    return $f($x)

$r = [$g($i) for $i in range([[2|3|4]])]
print($r, $k)
> module
$d = {#w: #n, #w: #n, #w: #n}
$t = 0
for $k, $v in $d.items():
    $t += $v
    print(f'{$k}: {$v}')
[[$d['total'] = $t|del $d[$k]|$d[$k] = $t|$m = max($d.values())]]
print($d)
> module
$a = [#n, #n, #n, #n]
$b = []
for $x in $a:
    if $x % 2 == 0:
        $b.append($x)
    else:
        $b.insert(0, $x * 2)
print($b[[|[::-1]|[0]]])
> module
$s = #w + ' ' + #w
$w = $s.split()
$r = {}
for $i, $x in enumerate($w):
    $r[$x] = $i
    print($i, $x.upper())
$n = len($r)
> module
import math

$r = [[#k|2.5]]
$a = round(math.pi * $r ** 2, 2)
[[print(f'area {$a}')|$b = $a > 10
print($b)]]
> module
def main():
    $x = #n
    $y = [#n, #n]
    $y.append($x)
    print($y)
    return [[0|$y|None]]

if __name__ == '__main__':
    main()
> module
$s = [(#w, #n), (#w, #n), (#w, #n)]
$s.sort(key=lambda $p: $p[1][[|, reverse=True]])
for $n, $v in $s:
    print($n, $v)
$b = $s[0][0]
print($b)
> module
class $C:
    def __init__(self):
        self.$n = #k

    def $m(self):
        self.$n += 1
        return self.$n

$c = $C()
$x = $c.$m()
$y = $c.$m() + $x
print($y)
> module
$x = #n
while $x > #k:
    if $x % 3 == 0:
        $x -= 4
        continue
    $x //= 2
print($x)
> module
$a = {#n, #n, #n}
$b = {#n, #n, #i}
$c = $a [[&|-|^]] $b
$d = len($a [[& $b|- $b]])
print(sorted($c), $d)
> $f(DSI, S)
class $I:
    def __init__(self, $d):
        self.$d = $d

    def __repr__(self):
        return f'$I({self.$d})'

    def $m(self, $k, $n=1):
        if $k not in self.$d:
            self.$d[$k] = 0
        self.$d[$k] += $n

    def $t(self):
        return sum(self.$d.values())

def $f($x, $y):
    $i = $I($x)
    $i.$m($y)
    $i.$m($y, #k)
    return $i.$t()
> $f(J)
class $T:
    def __init__(self, $v, $l=None, $r=None):
        self.$v, self.$l, self.$r = $v, $l, $r

    def __repr__(self):
        return f'$T({self.$v})'

def $fs($n):
    if $n is None:
        return 0
    return $n.$v + $fs($n.$l) + $fs($n.$r)

def $f($x):
    $t = $T($x, $T(#k), $T(#k, None, $T(#k)))
    return $fs($t)
"""
