"""Idioms with control flow and scopes: exceptions, generators, closures, matching, imports; their notation is told in `idioms`."""

# ruff: noqa: E501 - variants of one line belong together

IDIOMS = r"""
> $f(H)
def $f($x):
    $r = []
    for $e in $x:
        if isinstance($e, list):
            $r.extend($f($e))
        else:
            $r.append($e)
    return $r
> $f(S)
def $f($s):
    $n = 0
    for $c in $s:
        try:
            $n += int($c)
        except ValueError:
            $n -= 1
    return $n
> $f(LS)
def $f($a):
    $r = []
    for $x in $a:
        try:
            $v = int($x)
        except ValueError as $e:
            $r.append([[str($e)|-1|None|len($x)]])
        else:
            $r.append($v)
    return $r
> $f(I, J)
def $f($a, $b):
    try:
        $q = $a // ($b % 3)
    except ZeroDivisionError as $e:
        return [[str($e)|None|'error'|0]]
    finally:
        $a = 0
    return $q
> $f(DSI, S)
def $f($d, $k):
    try:
        return $d[$k]
    except KeyError:
        return [[None|-1|0|len($d)|$k + '?']]
> $f(I)
def $g($x):
    if $x < [[0|5|10]]:
        raise [[ValueError|TypeError|RuntimeError]]([['negative'|'too small'|f'bad value {$x}'|#w]])
    return $x * 2

def $f($n):
    try:
        return $g($n)
    except [[ValueError|(ValueError, TypeError)|Exception]] as $e:
        return [[str($e)|-1|type($e).__name__|f'{$e}!']]
> $f(LI, I)
def $f($a, $b=[[1|2|0]], *$r, $k=#n):
    $t = $b + $k
    for $x in $a:
        $t += $x
    return $t, $r
> $f(I, I, I)
def $f(*$a):
    $t = 0
    for $x in $a:
        $t += $x
    return $t / len($a)
> $f(I)
def $f($n, **$k):
    $k['$a'] = $n
    $k.update($b=$n * 2)
    return $k
> $f(I)
def $f($n):
    $c = 0
    def $g($x):
        nonlocal $c
        $c += $x
        return $c
    for $i in range(#k):
        $g($n + $i)
    return $c
> $f(I)
def $fm($k):
    def $g($x):
        return $x [[*|+|-]] $k
    return $g

def $f($n):
    return $fm(#k)($n) + [[$n|$fm(2)(#k)]]
> $f(LI)
def $f($a):
    $h = lambda $x: $x [[* 2|+ #k|% 3|** 2|> #k]]
    $r = [$h($y) for $y in $a]
    return $r
> $f(LI)
def $g($a):
    for $x in $a:
        if $x % 2 == [[0|1]]:
            yield $x [[* 2|+ 1|]]

def $f($b):
    $r = []
    for $y in $g($b):
        $r.append($y)
    return $r
> $f(J)
def $g($n):
    $i = 0
    while $i < $n:
        yield $i[[| * $i]]
        $i += 1

def $f($m):
    return [[list($g($m))|sum($g($m))|max($g($m + 1))|tuple($g($m))]]
> $f(J)
def $g($n):
    $a, $b = 0, 1
    while True:
        yield $a
        $a, $b = $b, $a + $b

def $f($n):
    $it = $g($n)
    return [next($it) for _ in range($n)]
> $f([[I|S|LI|B|DSI]])
def $f($x):
    if isinstance($x, bool):
        return 'bool'
    elif isinstance($x, int):
        return $x + 1
    elif isinstance($x, str):
        return $x.upper()
    elif isinstance($x, [[list|(list, tuple)]]):
        return len($x)
    return type($x).__name__
> $f([[I|S|LI|TI|DSI]])
def $f($x):
    match $x:
        case int() if $x > #k:
            return 'big'
        case 0 | 1 | 2:
            return 'small'
        case str():
            return $x.title()
        case []:
            return None
        case [$a]:
            return $a
        case [$a, $b, *$c]:
            return $a + $b, $c
        case _:
            return $x
> $f(LI)
from collections import deque

def $f($a):
    $q = deque($a[:3])
    for $x in $a:
        $q.append($x)
        [[$q.popleft()|$q.rotate(1)|$q.appendleft($x)|if len($q) > 4:
            $q.popleft()]]
    return list($q)
> $f(S)
from collections import [[Counter|defaultdict]]

def $f($s):
    $c = {}
    for $x in $s:
        $c[$x] = $c.get($x, 0) + 1
    $r = sorted($c.items(), key=lambda $p: [[-$p[1]|$p[0]|$p[1]]])
    return $r[:3]
> $f(S)
from collections import Counter

def $f($s):
    $c = Counter($s)
    return [[$c.most_common(1)|dict($c)|sum($c.values())|sorted($c)]]
> $f(LS)
from collections import defaultdict

def $f($a):
    $d = defaultdict(int)
    for $i, $x in enumerate($a):
        $d[$x[:1]] += [[1|$i|len($x)]]
    return dict($d)
> $f(P)
import math

def $f($n):
    $r = math.[[sqrt|floor|ceil]]($n [[/ 2|* 1.5|/ 4]])
    return [[round($r, 2)|int($r)|$r > 2]]
"""
