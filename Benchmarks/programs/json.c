// A JSON parser: a document of about a megabyte is parsed into a tree, walked and freed, again and again.

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct Value Value;
struct Value {
    enum { NOTHING, TRUTH, NUMBER, TEXT, LIST, OBJECT } kind;
    double number;
    char *text;
    char *key;
    Value *first, *next;
};

static const char *at;

static void blank(void) {
    while (*at == ' ' || *at == '\n' || *at == '\t' || *at == '\r') at++;
}

static void malformed(void) {
    fprintf(stderr, "malformed at: %.20s\n", at);
    exit(1);
}

static char *string(void) {
    if (*at++ != '"') malformed();
    const char *end = at;
    while (*end != '"') end += *end == '\\' ? 2 : 1;
    char *text = malloc(end - at + 1), *to = text;
    while (at < end) {
        char c = *at++;
        if (c == '\\') {
            c = *at++;
            c = c == 'n' ? '\n' : c == 't' ? '\t' : c;
        }
        *to++ = c;
    }
    *to = 0;
    at++;
    return text;
}

static Value *value(void) {
    Value *v = calloc(1, sizeof *v);
    blank();
    if (*at == '{' || *at == '[') {
        char close = *at == '{' ? '}' : ']';
        v->kind = *at++ == '{' ? OBJECT : LIST;
        Value **end = &v->first;
        blank();
        while (*at != close) {
            char *key = 0;
            if (v->kind == OBJECT) {
                key = string();
                blank();
                if (*at++ != ':') malformed();
            }
            *end = value();
            (*end)->key = key;
            end = &(*end)->next;
            blank();
            if (*at == ',') at++;
            else if (*at != close) malformed();
            blank();
        }
        at++;
    } else if (*at == '"') {
        v->kind = TEXT;
        v->text = string();
    } else if (!strncmp(at, "true", 4)) {
        v->kind = TRUTH;
        v->number = 1;
        at += 4;
    } else if (!strncmp(at, "false", 5)) {
        v->kind = TRUTH;
        at += 5;
    } else if (!strncmp(at, "null", 4)) {
        at += 4;
    } else {
        char *end;
        v->kind = NUMBER;
        v->number = strtod(at, &end);
        if (end == at) malformed();
        at = end;
    }
    return v;
}

static double sum;
static unsigned hash, values;

static void walk(Value *v) {
    values++;
    if (v->key)
        for (char *p = v->key; *p; p++) hash = hash * 31 + (unsigned char)*p;
    if (v->text)
        for (char *p = v->text; *p; p++) hash = hash * 31 + (unsigned char)*p;
    sum += v->number;
    for (Value *child = v->first; child; child = child->next) walk(child);
}

static void release(Value *v) {
    for (Value *child = v->first, *next; child; child = next) {
        next = child->next;
        release(child);
    }
    free(v->key);
    free(v->text);
    free(v);
}

int main(int argc, char **argv) {
    int rounds = argc > 1 ? atoi(argv[1]) : 25;
    size_t room = 1 << 21, length = 0;
    char *document = malloc(room);
    unsigned x = 1;
    length += sprintf(document + length, "[\n");
    for (int i = 0; i < 6000; i++) {
        x = x * 1103515245 + 12345;
        length += sprintf(
            document + length,
            "%s {\"id\": %d, \"name\": \"item \\\"%u\\\"\\n\", \"price\": %.3f, \"tags\": [\"t%u\", \"u%u\", null, true], "
            "\"place\": {\"x\": %d, \"y\": -%u.5e%u, \"open\": %s}}",
            i ? ",\n" : "", i, x, (x >> 8) / 1000.0, x % 97, x % 31, (int)(x >> 20) - 2048, x % 1000, x % 5,
            x & 64 ? "true" : "false");
    }
    length += sprintf(document + length, "\n]\n");
    for (int round = 0; round < rounds; round++) {
        at = document;
        Value *v = value();
        walk(v);
        release(v);
    }
    printf("%zu bytes, %u values, %.3f, %08x\n", length, values, sum, hash);
    return 0;
}
