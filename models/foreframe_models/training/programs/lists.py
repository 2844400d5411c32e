"""Idioms with lists: gathering, sorting, searching, grids; their notation is told in `idioms`."""

IDIOMS = r"""
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
> $f(LI)
def $f($a):
    if not $a:
        return []
    return [[$a[:1] + $f($a[1:])|$f($a[1:]) + $a[:1]|$a[-1:] + $f($a[:-1])]]
> $f(LI)
def $f($a):
    if len($a) <= 1:
        return $a
    $p = $a[0]
    $l = [$x for $x in $a[1:] if $x < $p]
    $r = [$x for $x in $a[1:] if $x >= $p]
    return $f($l) + [$p] + $f($r)
> $f(LI)
def $f($a):
    $l, $r = 0, len($a) - 1
    while $l < $r:
        $a[$l], $a[$r] = $a[$r], $a[$l]
        $l += 1
        $r -= 1
    return $a
"""
