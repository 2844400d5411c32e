"""Idioms that are functions; their notation is told in `idioms`."""

# ruff: noqa: E501 - variants of one line belong together

IDIOMS = r"""
> $f(S)
def $f($s):
    $d = {}
    for $c in $s:
        [[if $c in $d:
            $d[$c] += 1
        else:
            $d[$c] = 1|$d[$c] = $d.get($c, 0) + 1|$d.setdefault($c, 0)
        $d[$c] += 1|if $c not in $d:
            $d[$c] = 0
        $d[$c] += 1]]
    return [[$d|max($d, key=$d.get)|list($d.items())|sorted($d)|len($d)|max($d.values())|{$k: $v for $k, $v in $d.items() if $v > 1}]]
> $f(S)
def $f($s):
    $n = 0
    for $c in $s:
        if $c[[|.lower()]] in [['aeiou'|"aeiou"|'aeiouAEIOU'|#s]]:
            $n += 1
    return $n
> $f(S)
def $f($s):
    $r = ''
    for $c in $s:
        if $c.[[isupper|islower|isalpha|isdigit|isalnum|isspace]]():
            $r += $c[[|.lower()|.upper()|.swapcase()| * 2]]
        [[else:
            $r += [['-'|$c|' '|#c|$c.upper()]]
    |elif $c == #c:
            $r = $r[::-1]
    |]]
    return $r
> $f(S, J)
def $f($s, $k):
    $r = []
    for $c in $s:
        if 'a' <= $c <= 'z':
            $r.append(chr((ord($c) - ord('a') + $k) % 26 + ord('a')))
        elif [['A' <= $c <= 'Z'|$c.isupper()]]:
            $r.append(chr((ord($c) - 65 + $k) % 26 + 65))
        else:
            $r.append($c)
    return ''.join($r)
> $f(S)
def $f($s):
    [[$t = $s.lower()|$t = ''.join($c for $c in $s.lower() if $c.isalnum())|$t = $s]]
    $i, $j = 0, len($t) - 1
    while $i < $j:
        if $t[$i] != $t[$j]:
            return False
        $i += 1
        $j -= 1
    return True
> $f(W)
def $f($s):
    $w = $s.split([[|' ']])
    $r = []
    for $x in $w:
        $r.append($x[[[::-1]|.capitalize()|.upper()|[0]|[1:] + $x[:1]|.title()]])
    return [[' '.join($r)|$r|'-'.join($r)|len($r)|''.join($r)]]
> $f(W)
def $f($s):
    $b = ''
    for $x in $s.split():
        if len($x) > len($b):
            $b = $x
    return $b
> $f(P)
def $f($n):
    $a, $b = 0, 1
    for _ in range([[$n % 12|min($n, 9)]]):
        $a, $b = $b, $a + $b
    return $a
> $f(P, P)
def $f($a, $b):
    while $b:
        $a, $b = $b, $a % $b
    return $a
> $f(J)
def $f($n):
    if $n <= [[0|1]]:
        return 1
    return $n * $f($n - 1)
> $f(J)
def $f($n):
    if $n < 2:
        return $n
    return $f($n - 1) + $f($n - 2)
> $f(P)
def $f($n):
    if $n < 2:
        return False
    $i = 2
    while $i * $i <= $n:
        if $n % $i == 0:
            return False
        $i += 1
    return True
> $f(P)
def $f($n):
    $r = []
    $p = 2
    while $n > 1:
        while $n % $p == 0:
            $r.append($p)
            $n //= $p
        $p += 1
        if $p > 20:
            break
    return $r
> $f(P)
def $f($n):
    $t = 0
    while $n > 0:
        $d = $n % 10
        $t += $d[[| * $d| if $d % 2 else 0]]
        $n //= 10
    return $t
> $f(P)
def $f($n):
    $c = 0
    while $n != 1 and $c < 20:
        if $n % 2 == 0:
            $n = $n // 2
        else:
            $n = 3 * $n + 1
        $c += 1
    return $c
> $f(LI)
def $f($a):
    $n = len($a)
    for $i in range($n):
        for $j in range([[0, $n - $i - 1|$n - 1 - $i]]):
            if $a[$j] [[>|<]] $a[$j + 1]:
                $a[$j], $a[$j + 1] = $a[$j + 1], $a[$j]
    return $a
> $f(LI)
def $f($a):
    for $i in range(1, len($a)):
        $k = $a[$i]
        $j = $i - 1
        while $j >= 0 and $a[$j] > $k:
            $a[$j + 1] = $a[$j]
            $j -= 1
        $a[$j + 1] = $k
    return $a
> $f(LI)
def $f($a):
    for $i in range(len($a)):
        $m = $i
        for $j in range($i + 1, len($a)):
            if $a[$j] < $a[$m]:
                $m = $j
        $a[$i], $a[$m] = $a[$m], $a[$i]
    return $a
> $f(G, J)
def $f($a, $t):
    $lo, $hi = 0, len($a) - 1
    while $lo <= $hi:
        $mid = ($lo + $hi) // 2
        if $a[$mid] == $t:
            return $mid
        if $a[$mid] < $t:
            $lo = $mid + 1
        else:
            $hi = $mid - 1
    return -1
> $f(R)
def $f($s):
    $st = []
    $p = {')': '(', ']': '[', '}': '{'}
    for $c in $s:
        if $c in $p.values():
            $st.append($c)
        elif $c in $p:
            if not $st or $st.pop() != $p[$c]:
                return False
    return [[not $st|len($st) == 0]]
> $f(R)
def $f($s):
    $d = 0
    $m = 0
    for $c in $s:
        if $c == '(':
            $d += 1
            $m = max($m, $d)
        elif $c == ')':
            $d -= 1
    return $m
> $f(LLI)
def $f($m):
    $t = [[0|#n]]
    for $r in $m:
        for $x in $r:
            [[$t += $x|if $x % 2 == 0:
                $t += $x|if $x > $t:
                $t = $x]]
    return $t
> $f(M)
def $f($m):
    $r = []
    for $i in range(len($m[0])):
        $row = []
        for $j in range(len($m)):
            $row.append($m[$j][$i])
        $r.append($row)
    return $r
> $f(M)
def $f($m):
    $t = 0
    for $i in range(len($m)):
        $t += $m[$i][[[$i]|[len($m) - 1 - $i]|[0]]]
    return $t
> $f(M)
def $f($m):
    for $i in range(len($m)):
        for $j in range($i):
            $m[$i][$j], $m[$j][$i] = $m[$j][$i], $m[$i][$j]
    return $m
> $f(J, J)
def $f($a, $b):
    $g = [[0] * $b for _ in range($a)]
    for $i in range($a):
        for $j in range($b):
            $g[$i][$j] = [[$i * $j|$i + $j|($i + $j) % 2|$i - $j]]
    return $g
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
    if not $s:
        return [[''|[]]]
    $r = []
    $p = $s[0]
    $n = 1
    for $c in $s[1:]:
        if $c == $p:
            $n += 1
        else:
            $r.append([[f'{$p}{$n}'|$p + str($n)|($p, $n)]])
            $p = $c
            $n = 1
    $r.append([[f'{$p}{$n}'|$p + str($n)|($p, $n)]])
    return $r
> $f(LI, I)
def $f($a, $t):
    $seen = {}
    for $i, $x in enumerate($a):
        if $t - $x in $seen:
            return [[[$seen[$t - $x], $i]|($seen[$t - $x], $i)]]
        $seen[$x] = $i
    return [[None|[]|-1]]
> $f(E)
def $f($a):
    $b = $c = $a[0]
    for $x in $a[1:]:
        $c = max($x, $c + $x)
        $b = max($b, $c)
    return $b
> $f(G, G)
def $f($a, $b):
    $r = []
    $i = $j = 0
    while $i < len($a) and $j < len($b):
        if $a[$i] <= $b[$j]:
            $r.append($a[$i])
            $i += 1
        else:
            $r.append($b[$j])
            $j += 1
    $r.extend($a[$i:])
    $r.extend($b[$j:])
    return $r
> $f([[LI|LS]])
def $f($a):
    $r = []
    for $x in $a:
        if $x not in $r:
            $r.append($x)
    return $r
> $f(LI)
def $f($a):
    $r = []
    for $x in $a:
        if $x not in $r:
            $r.[[append($x)|insert(0, $x)]]
        [[else:
            $r.remove($x)|elif $x > #k:
            break|]]
    return $r[[|[::-1]]]
> $f(LS)
def $f($a):
    $r = []
    for $x in $a:
        if len($x) [[>|<|==|>=]] #k:
            $r.append($x[[|.upper()|[::-1]]])
    return $r
> $f(LI, J)
def $f($a, $k):
    for _ in range($k):
        $a.[[append($a.pop(0))|insert(0, $a.pop())]]
    return $a
> $f(LI, J)
def $f($a, $k):
    $k = $k % max(1, len($a))
    return $a[$k:] + $a[:$k]
> $f(E)
def $f($a):
    $lo = $hi = $a[0]
    for $x in $a:
        if $x < $lo:
            $lo = $x
        [[el|]]if $x > $hi:
            $hi = $x
    return [[$lo, $hi|$hi - $lo|[$lo, $hi]]]
> $f(LI)
def $f($a):
    $e, $o = [], []
    for $x in $a:
        if $x % 2 == 0:
            $e.append($x)
        else:
            $o.append($x)
    return [[$e, $o|$e + $o|sorted($e) + $o|len($e) - len($o)|{'even': $e, 'odd': $o}]]
> $f(LI)
def $f($a):
    $t = 0
    $r = []
    for $x in $a:
        $t += $x
        $r.append($t)
    return $r
> $f(LI)
def $f($a):
    $r = [[1|0]]
    for $i, $x in enumerate($a):
        if $i % #k == 0:
            continue
        $r [[+=|-=]] $x
        if $r > [[50|100|20]]:
            break
    return $r
> $f(DSI)
def $f($d):
    $r = {}
    for $k, $v in $d.items():
        [[$r[$v] = $k|if $v > #n:
            $r[$k] = $v|$r[$k.upper()] = $v * 2|$r.setdefault($v, []).append($k)]]
    return $r
> $f(DSI)
def $f($d):
    $b = None
    for $k in $d:
        if $b is None or $d[$k] [[>|<]] $d[$b]:
            $b = $k
    return $b
> $f(DSI, DSI)
def $f($a, $b):
    $r = $a.copy()
    for $k, $v in $b.items():
        if $k in $r:
            $r[$k] += $v
        else:
            $r[$k] = $v
    return $r
> $f(DSI)
def $f($d):
    while len($d) > 1:
        $k, $v = $d.popitem()
    return $d
> $f(DSS)
def $f($d):
    $r = []
    for $k, $v in [[$d.items()|sorted($d.items())]]:
        $r.append([[f'{$k}={$v}'|$k + ': ' + $v|'%s-%s' % ($k, $v)|'{}/{}'.format($k, $v)]])
    return [['&'.join($r)|$r|', '.join($r)]]
> $f(LT)
def $f($a):
    $g = {}
    for $k, $v in $a:
        if $k not in $g:
            $g[$k] = []
        $g[$k].append($v)
    return $g
> $f(LS)
def $f($a):
    $g = {}
    for $w in $a:
        $k = [[len($w)|$w[:1]|''.join(sorted($w))|$w.lower()]]
        $g.setdefault($k, []).append($w)
    return [[$g|list($g.values())|max($g)]]
> $f(S, S)
def $f($a, $b):
    $r = ''
    for $x, $y in zip($a, $b):
        $r += $x [[if $x == $y else|if $x < $y else]] $y
    return $r
> $f(S, S)
def $f($a, $b):
    $n = 0
    for $i in range(min(len($a), len($b))):
        if $a[$i] [[!=|==]] $b[$i]:
            $n += 1
    return $n
> $f(S)
def $f($s):
    $i = $s.find(#s)
    if $i == -1:
        return $s
    return [[$s[:$i]|$s[$i:]|$s[:$i] + $s[$i + 1:]|$s[$i + 1:] + $s[:$i]]]
> $f(S)
def $f($s):
    for $c in [['.,!?'|' _-'|'abc'|'xyz'|#s + 'e']]:
        $s = $s.replace($c, [[''|' '|'_'|$c.upper()|$c * 2]])
    return $s
> $f(S)
def $f($s):
    $a = list($s)
    for $i in range(len($a)):
        if $i % 2 == [[0|1]]:
            $a[$i] = $a[$i].upper()
    return ''.join($a)
> $f(S)
def $f($s):
    $a = list($s)
    [[$a.reverse()|$a.sort()|$a.pop()|$a.append(#c)|$a.insert(#i, #c)|$a.remove($a[0])|$a[0], $a[-1] = $a[-1], $a[0]|$a.extend($s[:2])|del $a[0]|$a[0] = #c]]
    [[$a.reverse()|$a.sort()|$a.pop()|$a.append(#c)|$a.insert(0, #c)|$a.sort(reverse=True)|$a += list(#w)|$a = $a[1:]]]
    return ''.join($a)
> $f(S, S)
def $f($s, $t):
    [[$a = list($s)
    $a.append($t)
    return ''.join($a)|while $s.startswith($t) and $t:
        $s = $s[len($t):]
    return $s|$n = $s.count($t)
    return $n * 2|if $t in $s:
        return $s.index($t)
    return -1|$p = $s.split($t) if $t else [$s]
    return $p|$r = $s + $t
    if $r.isalpha():
        return $r.lower()
    return $r.upper()|return $s.[[ljust|rjust|center]](len($t) + 10, '*')]]
> $f(LI)
def $f($a):
    $b = $a[[.copy()|[:]|]]
    [[$b.reverse()|$b.sort()|$b.append(len($a))]]
    $a.[[append(#n)|insert(#i, #n)|extend($b)|clear()|insert(0, #n)|append($b.pop())]]
    return $a, $b
> $f(LI, I)
def $f($a, $x):
    if $x in $a:
        $a.[[remove($x)|pop($a.index($x))|insert($a.index($x), -1)]]
    else:
        $a.[[append($x)|insert(0, $x)|extend([$x, $x])]]
    return $a
> $f(LI)
def $f($a):
    $i = 0
    while $i < len($a):
        if $a[$i] [[% 2 == 0|> 5|< 3|% 3 == 1]]:
            $a.pop($i)
        else:
            $i += 1
    return $a
> $f(LI, LI)
def $f($a, $b):
    $r = []
    for $x in $a:
        if $x [[in|not in]] $b:
            $r.append($x)
    return [[$r|len($r)|sum($r)|set($r)]]
> $f(LS, S)
def $f($a, $s):
    for $i, $x in enumerate($a):
        if $x == $s or $x.startswith($s[:1]):
            [[return $i|$a[$i] = $x.upper()|$a[$i] = $s|del $a[$i]
            break]]
    return [[-1|$a|None|len($a)]]
> $f(LI)
def $f($a):
    for $x in $a:
        if $x > [[10|5|100|#n]]:
            $r = 'big'
            break
    else:
        $r = 'small'
    return $r
> $f(P)
def $f($n):
    while $n > 3:
        $n -= [[3|2|4]]
        if $n == 7:
            break
    else:
        $n = -$n
    return $n
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
> $f(S)
def $f($s):
    if ($n := len($s)) > #k:
        return $s[:$n // 2]
    return $s * $n
> $f(J)
def $f($n, $a='A', $b='B', $c='C'):
    if $n % 4 == 0:
        return 0
    $x = $f($n % 4 - 1, $a, $c, $b)
    return $x * 2 + 1
> $f(LI)
def $f($a):
    if not $a:
        return []
    return [[$a[:1] + $f($a[1:])|$f($a[1:]) + $a[:1]|$a[-1:] + $f($a[:-1])]]
> $f(S)
def $f($s):
    if len($s) <= 1:
        return $s
    return [[$f($s[1:]) + $s[0]|$s[-1] + $f($s[:-1])|$s[0] + '-' + $f($s[1:])]]
> $f(J, J)
def $f($b, $e):
    if $e == 0:
        return 1
    $h = $f($b, $e // 2)
    if $e % 2 == 0:
        return $h * $h
    return $h * $h * $b
> $f(LI)
def $f($a):
    if len($a) <= 1:
        return $a
    $p = $a[0]
    $l = [$x for $x in $a[1:] if $x < $p]
    $r = [$x for $x in $a[1:] if $x >= $p]
    return $f($l) + [$p] + $f($r)
> $f(P)
def $f($n):
    $r = []
    for $i in range(1, $n % 12 + 1):
        if $i % 15 == 0:
            $r.append('FizzBuzz')
        elif $i % 3 == 0:
            $r.append('Fizz')
        elif $i % 5 == 0:
            $r.append('Buzz')
        else:
            $r.append(str($i))
    return $r
> $f(P)
def $f($n):
    $r = ''
    while $n:
        $r = str($n % 2) + $r
        $n //= 2
    return $r or '0'
> $f(J)
def $f($n):
    $s = [True] * ($n + 4)
    $p = []
    for $i in range(2, $n + 4):
        if $s[$i]:
            $p.append($i)
            for $j in range($i * $i, $n + 4, $i):
                $s[$j] = False
    return $p
> $f(LI)
def $f($a):
    $l, $r = 0, len($a) - 1
    while $l < $r:
        $a[$l], $a[$r] = $a[$r], $a[$l]
        $l += 1
        $r -= 1
    return $a
> $f(D)
def $f($s):
    $t = 0
    for $i, $c in enumerate($s[::-1]):
        $d = int($c)
        if $i % 2 == 1:
            $d *= 2
            if $d > 9:
                $d -= 9
        $t += $d
    return $t % 10 == 0
> $f(S)
def $f($s):
    $q = [[$s.split(',')|$s.split()|list($s)]]
    $r = []
    while $q:
        $r.append($q.pop([[|0]]))
    return $r
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
> $f(W)
def $f($s):
    $t = $s.[[title|upper|lower|swapcase|capitalize|casefold]]()
    $p = $t.[[partition|rpartition]](' ')
    return [[$p|$p[0]|$p[2]|len($p[0])]]
> $f(S)
def $f($s):
    $t = $s.[[strip|lstrip|rstrip]]([[|#c|' .-'|#s]])
    $n = len($s) - len($t)
    return [[$t, $n|f'{$t}:{$n}'|$t.zfill(len($t) + 2)]]
> $f(S)
def $f($s):
    $t = str.maketrans([['aeiou', '12345'|'abc', 'xyz'|#c, '*'|{'a': 'b', 'e': None}]])
    return $s.translate($t)
> $f(S)
def $f($s):
    $b = $s[:9].encode([['utf-8'|'ascii', 'ignore'|]])
    return [[len($b)|$b|list($b[:4])|$b.decode('utf-8')]]
"""
