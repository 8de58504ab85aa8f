# Starts many short programs, as scripts do.
i=0
while [ $i -lt 60 ]; do
    /usr/bin/expr $i \* $i
    /bin/echo "$i" | /bin/cat
    i=$((i + 1))
done | /usr/bin/sort -n | /usr/bin/tail -n 2
