"""Idioms with dicts; their notation is told in `idioms`."""

IDIOMS = r"""
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
"""
