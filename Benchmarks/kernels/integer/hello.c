// Start-up: what it costs to load a static program and translate code that runs once.

#include <stdio.h>

int main(void) {
    printf("hello\n");
    return 0;
}
