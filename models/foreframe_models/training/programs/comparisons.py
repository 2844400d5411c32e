"""Idioms in which a comparison of two values decides; their notation is told in `idioms`."""

IDIOMS = r"""
> $f([[S|LI|S|LS]], X)
def $f($s, $t):
    $n = [[0|0|1]]
    for $c in $s:
        if $c [[==|==|==|!=]] $t:
            $n [[+= 1|+= 1|-= 1|+= 2]]
        [[else:
            $n -= 1|]]
    return $n
> $f([[S|LI|LS]], X)
def $f($s, $t):
    $r = []
    for $i, $c in enumerate($s):
        if $c [[==|==|!=]] $t:
            $r.append([[$i|$c|($i, $c)]])
    return [[$r|len($r)|$r[:2]]]
> $f([[S|LI|LS]], X)
def $f($s, $t):
    $i = 0
    while $i < len($s) and $s[$i] != $t:
        $i += 1
    return [[$i|$i == len($s)|$s[$i:]|$s[:$i]]]
> $f([[S|LI|LS]], X)
def $f($s, $t):
    for $i in range(len($s)):
        if $s[$i] == $t:
            [[return $i|break]]
    return [[-1|$s|None]]
> $f([[S|LI|LS]])
def $f($s):
    $n = 0
    for $i in range([[len($s) - 1|1, len($s)]]):
        if $s[$i] [[==|<|>|!=|<=]] $s[$i - 1]:
            $n += 1
    return $n
> $f([[S|LI|LS]])
def $f($s):
    if $s[0] [[==|!=|<|>]] $s[-1]:
        return [[$s[1:]|$s[:-1]|True|$s * 2|len($s)]]
    return [[$s|False|$s[::-1]|$s[:1]]]
> $f([[S|LI]], [[S|LI]])
def $f($a, $b):
    if len($a) [[==|!=|<|>|>=]] len($b):
        return [[$a|len($a)|$a[:2]]]
    elif $a == $b[::-1]:
        return [[$b|True]]
    return [[$b|0|$b[-1:]]]
> $f([[I|J]], [[I|J]])
def $f($a, $b):
    if $a [[==|!=|<|>|>=|<=]] $b:
        $a [[+= $b|-= 1|*= 2|= $b]]
    [[elif $a % 2 == $b % 2:
        $b += $a
    |]]else:
        $b [[= $a|-= $a|+= 1]]
    return [[$a, $b|$a - $b|[$a, $b]]]
> $f([[S|LI|LS]], X)
def $f($s, $t):
    if $t [[in|in|not in]] $s:
        return [[$s.index($t)|$s.count($t)|True|$s[:3]]] if $t in $s else [[-1|$s|None]]
    return [[$t|False|[$t]|len($s)]]
> $f([[LI|LS]], X)
def $f($a, $x):
    $r = []
    for $c in $a:
        if $c == $x:
            [[continue|break|$r.clear()|$r.append($x)]]
        $r.append($c)
    return $r
> $f(S, X)
def $f($s, $t):
    $r = ''
    for $c in $s:
        $r += [[$c if $c != $t else '_'|'1' if $c == $t else '0'|$t if $c == $t else $c.upper()]]
    return $r
> $f([[LI|S]], X, X)
def $f($s, $t, $u):
    $n = 0
    for $c in $s:
        if $c == $t [[or|and]] [[$c != $u|$c == $u|$n < 2]]:
            $n += 1
        elif $c == $u:
            $n -= 1
    return [[$n|$n > 0|abs($n)]]
"""
