# awk program for the guest's busybox: its numbers are doubles.

BEGIN {
    for (n = 1; n <= 1000; n++) { squares += n * n; odd = 2 * n - 1; quarter += (n % 2 ? 1 : -1) / odd }
    printf "sum of squares: %d\n", squares
    printf "pi, slowly: %.6f\n", 4 * quarter
    for (row = 0; row < 6; row++) {
        line = ""
        for (column = 0; column < 40; column++) line = line ((row * column % 7 < 3) ? "#" : ".")
        print line
    }
    split("quail lyrebird wren lyrebird bowerbird wren lyrebird", words, " ")
    for (word in words) seen[words[word]]++
    printf "%d lyrebirds, %d wrens\n", seen["lyrebird"], seen["wren"]
}
