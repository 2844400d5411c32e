"""Idioms of methods in daily use on strings, lists and dicts; their notation is told in `idioms`."""

# ruff: noqa: E501 - variants of one line belong together

IDIOMS = r"""
> $f(S)
def $f($s):
    [[$s = $s.strip()|$s = $s.lower()|$s = $s.replace(#c, #c)|$n = len($s)]]
    if $s.[[isalpha|isdigit|isalnum|islower|isupper|isnumeric|isspace|istitle|isdecimal]]():
        return [[$s.upper()|$s.title()|$s[::-1]|len($s)|'yes'|True]]
    return [[$s.swapcase()|$s.capitalize()|$s.casefold()|$s[1:]|$s.count(#c)|False|'no']]
> $f(S, S)
def $f($s, $t):
    if $s.[[startswith|endswith]]($t):
        return $s.[[removeprefix|removesuffix]]($t)
    [[if $t in $s:
        return $s.[[index|rindex|count]]($t)
    |]]return $s + $t
> $f(S, S)
def $f($s, $t):
    $i = $s.[[find|rfind]]($t)
    if $i [[== -1|< 0|!= -1]]:
        return [[$s|-1|'']]
    return $s[[[:$i]|[$i:]|[$i + 1:]|[:$i] + $t.upper()|[:$i][::-1]]]
> $f(S, S)
def $f($s, $t):
    $a = $s.[[split|rsplit]]([[$t or ' '|#c|' '|', '|'-', 1|'_']])
    return [[$t.join($a)|$a[-1]|$a[0]|len($a)|'+'.join($a[::-1])|sorted($a)|list(reversed($a))|$a[:2]]]
> $f(S)
def $f($s):
    $a = list($s)
    $b = [[$a.copy()|$a[:]|list($a)]]
    for $c in $b:
        if $a.count($c) > 1:
            [[$a.remove($c)|$a.pop($a.index($c))|$a.append($c.upper())]]
    return [[''.join($a)|$a|len($a)]]
> $f(S)
def $f($s):
    $n = 0
    for $c in $s:
        [[if $c.isupper():
            $n += 1|if $c.isdigit() and not $c.isspace():
            $n += int($c)|$n += $s.count($c)|if $c not in 'aeiou':
            $n += 1
        else:
            $n -= 1]]
    return $n
> $f(S)
def $f($s):
    $r = [[''|[]]]
    for $i in range(len($s)):
        if [[$i % 2 == 0|$s[$i].islower()|$i > 0 and $s[$i] == $s[$i - 1]|$s[$i] in #s]]:
            $r += $s[$i][[.upper()|]]
        else:
            $r += [['-'|$s[$i].lower()|$s[-1]]]
    return $r
> $f(S, J)
def $f($s, $n):
    [[$t = $s[$n:] + $s[:$n]|$t = $s[:$n].upper() + $s[$n:]|$t = $s[-$n:]|$t = $s[:$n] * 2|$t = $s[::$n + 1]]]
    return $t[[|.strip()|.replace(' ', '')|.center($n + 12, '*')|.zfill(12)|.ljust(10, '.')]]
> $f(S)
def $f($s):
    [[$a = $s.splitlines()|$a = $s.split()|$a = $s.split(',')|$a = $s.partition(' ')]]
    $b = [$x.[[strip|upper|title|lower|lstrip|capitalize]]() for $x in $a]
    return [[' '.join($b)|$b|', '.join($b)|'\n'.join($b)|len($b), $b[0]]]
> $f(S)
def $f($s):
    $t = $s.[[lower|upper|casefold|title]]()
    $r = $t.[[replace(#c, '')|replace(#c, #c, 1)|strip(#c)|lstrip(#s)|rstrip(#s)|expandtabs(4)]]
    return [[$r == $s|$r != $t|$r|len($r) - len($s)|$r + $s|$r.startswith($s[:1])]]
> $f(S, S)
def $f($s, $c):
    $n = $s.count($c)
    while $n [[> 0|> 1]]:
        $s = $s.replace($c, [['', 1|$c.upper(), 1|'*', 1]])
        $n -= 1
    return $s
> $f(S)
def $f($s):
    $d = dict.fromkeys($s, [[0|1]])
    for $c in $s:
        $d[$c] [[+= 1|= $s.index($c)|= $s.rindex($c)|*= 2]]
    return [[$d|list($d)|''.join($d.keys())|list($d.values())|len($d)]]
> $f(LI)
def $f($a):
    $b = $a.copy()
    $b.[[append($a[-1])|insert(#i, #n)|reverse()|sort()|pop()|extend($a)|remove($a[0])|clear()]]
    [[$b.sort()|$b.append(len($b))|$a.extend($b)|if $a[0] in $b:
        $b.remove($a[0])|for $x in $a:
        if $b.count($x) > 1:
            $b.remove($x)]]
    return [[$b|$a + $b|$a == $b|len($b)]]
> $f(LI, I)
def $f($a, $n):
    $c = $a.count($n)
    for $i in range($c):
        $a.[[remove($n)|append($i)|insert($i, $n)|pop($a.index($n))]]
    return [[$a|len($a)|$c, $a|$a[::-1]]]
> $f(LI, I)
def $f($a, $i):
    if [[$i < len($a)|0 <= $i < len($a)|len($a) > 2]]:
        [[$a.pop()|$a.insert($i, $a[0])|$a[0] = $i|$a = $a[1:]|del $a[0]]]
    else:
        $a.[[append($i)|extend([$i, $i])|reverse()|clear()]]
    return [[$a|$a[:3]|sum($a)]]
> $f(LI)
def $f($a):
    $r = []
    while $a:
        $r.[[append($a.pop())|append($a.pop(0))|insert(0, $a.pop())|extend([$a.pop(), len($a)])]]
    return [[$r|$r + $a|$r[0] if $r else None|$r[::2]]]
> $f(LI)
def $f($a):
    for $i in range(len($a) [[- 1|// 2|]]):
        [[if $a[$i] > $a[-1]:
            $a[$i] = $a[-1]|$a[$i] = $a[$i] + $a[-1 - $i]|$a[$i], $a[-1] = $a[-1], $a[$i]|$a.insert($i, $a.pop())]]
    return $a
> $f(LS)
def $f($a):
    $a.[[sort()|reverse()|sort(reverse=True)|sort(key=len)|append($a[0])|insert(1, $a[-1])|pop()]]
    return [[' '.join($a)|''.join($a)|$a|','.join($a).upper()|'-'.join($a[:2])|$a[0] + $a[-1]]]
> $f(LS, S)
def $f($a, $s):
    $r = []
    for $x in $a:
        if [[$x.startswith($s[:1])|$x.endswith($s[-1:])|$s in $x|$x in $s|len($x) > len($s)|$x.islower()|$x != $s]]:
            $r.[[append($x)|append($x.replace($s[:1], '!'))|insert(0, $x)|extend($x)|append($x + $s)]]
    return [[$r|$s.join($r)|len($r)]]
> $f(LS, S)
def $f($a, $s):
    [[$n = $a.index($s) if $s in $a else -1|$n = $a.count($s)|$n = len($s)]]
    $a.[[append($s)|insert($n, $s)|extend([$s] * 2)]]
    return [[$a[$n]|$a|$n|$a[:$n], $s]]
> $f(DSI)
def $f($d):
    [[$k = list($d.keys())|$k = sorted($d)|$k = list($d)]]
    for $x in $k:
        if $d[$x] [[> #k|% 2|< #n|== #k]]:
            [[$d.pop($x)|del $d[$x]|$d[$x] = 0|$d[$x.upper()] = $d.pop($x)|$d.update({$x: -1})]]
    return [[$d|len($d)|list($d.values())|list($d.items())]]
> $f(DSI, S)
def $f($d, $k):
    if $k [[in|not in]] $d:
        [[$d[$k] = $d.get($k, 0) + 1|$d.update({$k: len($d)})|$d.setdefault($k, 5)|$d.pop($k, None)]]
    [[$d.popitem()|$d[$k] = $d.get($k, 0) * 2|$d.setdefault('total', sum($d.values()))|$d = $d.copy()]]
    return [[$d|$d.get($k)|list($d.items())[-1:]|sorted($d.items())]]
> $f(DSI)
def $f($d):
    $r = {}
    while $d:
        $k, $v = $d.popitem()
        $r[[[$v] = $k|[$k] = $v + len($d)|[$k * 2] = $v]]
    return [[$r|list($r)|max($r.values(), default=0)|$d, $r]]
> $f(DSS)
def $f($d):
    $n = 0
    for $k, $v in $d.items():
        if $k[[[:1] == $v[:1]|.startswith($v[:1])| in $v| < $v|.isalpha() and $v.islower()]]:
            $n += len([[$k|$v]])
    return [[$n|$n > 0|str($n)]]
> $f(LI, LI)
def $f($a, $b):
    [[$c = $a + $b|$c = [$x for $x in $a if $x in $b]|$c = $a[:len($b)]|$c = list(zip($a, $b))|$c = sorted($a + $b)]]
    [[$c.reverse()|$a.extend($b)|$b.clear()|$c.append($a)]]
    return [[$c|$a|len($c)|$c[:4]|$a, $b]]
> $f(S, I)
def $f($s, $n):
    if len($s) [[>=|<|>]] $n:
        return $s[[[:$n]|[$n % len($s)]|.upper()|[::-1]|]]
    return $s.[[ljust($n % 20, #c)|rjust($n % 20, '0')|center(12)|zfill($n % 15)|join(['<', '>'])]]
> $f(S)
def $f($s):
    [[$a = [$c for $c in $s if $c.[[isalpha|isdigit|isspace|isalnum|isupper]]()]|$a = [ord($c) % 7 for $c in $s]|$a = sorted($s)|$a = list(enumerate($s))]]
    return [[$a|len($a)|$a[:3]|$a[-2:]|$a == list($s)]]
> $f(S)
def $f($s):
    $r = [[#s|'']]
    for $c in [[$s|reversed($s)|$s[::-1]|sorted($s)|$s[1:]|$s.split()|$s.lower()]]:
        $r [[+= $c|= $c + $r|+= $c * 2|+= $c if $c.isalpha() else '_'|= $r.replace($c, '') + $c]]
    return [[$r|$r[:-1]|$r.strip()|len($r)]]
> $f(S, S)
def $f($s, $t):
    for $c in $t:
        $s = $s.[[replace($c, '')|strip($c)|lstrip($c)|rstrip($c)|replace($c, $c * 2)|removesuffix($c)|removeprefix($c)]]
    return $s
> $f(S)
def $f($s):
    $b = $s.encode([[|'utf-8'|'ascii', 'replace'|'ascii', 'ignore'|'latin-1', 'ignore']])
    return [[$b|$b.decode([[|'utf-8'|'latin-1']])|len($b)|$b[:3]|$b == $s]]
> $f(S)
def $f($s):
    [[try:
        return [[$s.index(#s)|$s.rindex(#c)|int($s)|$s.encode('ascii')]]
    except [[ValueError|Exception]]:
        return [[-1|'none'|$s|None]]|$p = $s.rpartition(#c)
    return $p[0] + $p[2]|$p = $s.partition(#c)
    return [[$p|$p[1] + $p[0]|$p[::-1]|len($p[2])]]|return $s.translate({ord(#c): [['*'|None|'']]})|return [[$s.isascii()|$s.isidentifier()|$s.isprintable()]] and [[$s.islower()|len($s) > 3|not $s.istitle()]]]]
> $f([[LI|LS]])
def $f($a):
    [[if not $a:
        return $a
    |if len($a) < 2 or $a[0] is None:
        return []
    |]]$a[0], $a[-1] = $a[-1], $a[0]
    return [[$a|$a[1:-1]|$a[len($a) // 2]|$a is not None]]
"""
