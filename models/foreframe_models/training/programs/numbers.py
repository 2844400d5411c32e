"""Idioms with numbers: digits, primes, sums, recursion; their notation is told in `idioms`."""

IDIOMS = r"""
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
> $f(J, J)
def $f($a, $b):
    $g = [[0] * $b for _ in range($a)]
    for $i in range($a):
        for $j in range($b):
            $g[$i][$j] = [[$i * $j|$i + $j|($i + $j) % 2|$i - $j]]
    return $g
> $f(P)
def $f($n):
    while $n > 3:
        $n -= [[3|2|4]]
        if $n == 7:
            break
    else:
        $n = -$n
    return $n
> $f(J)
def $f($n, $a='A', $b='B', $c='C'):
    if $n % 4 == 0:
        return 0
    $x = $f($n % 4 - 1, $a, $c, $b)
    return $x * 2 + 1
> $f(J, J)
def $f($b, $e):
    if $e == 0:
        return 1
    $h = $f($b, $e // 2)
    if $e % 2 == 0:
        return $h * $h
    return $h * $h * $b
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
"""
