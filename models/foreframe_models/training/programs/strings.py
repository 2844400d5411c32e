"""Idioms with strings: letters, words, slices, translations; their notation is told in `idioms`."""

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
> $f(S)
def $f($s):
    if ($n := len($s)) > #k:
        return $s[:$n // 2]
    return $s * $n
> $f(S)
def $f($s):
    if len($s) <= 1:
        return $s
    return [[$f($s[1:]) + $s[0]|$s[-1] + $f($s[:-1])|$s[0] + '-' + $f($s[1:])]]
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
