// Signatures as text: what is read, what is refused, and where.

import Lyrebird
import Testing

@Suite struct SignatureTests {
    @Test(arguments: [
        ("int crc32(ulong, pointer, uint)", "int32_t crc32(uint64_t, pointer, uint32_t)"),
        (
            "unsigned long int crc32(unsigned long crc, const Bytef *buf, uInt_t *len);",
            "uint64_t crc32(uint64_t, pointer, pointer)"
        ),
        ("void f(void)", "void f(void)"), ("double g()", "double g(void)"),
        ("extern long long h(signed char, short int, char c, _Bool)", "int64_t h(int8_t, int16_t, int8_t, bool)"),
        (
            "void qsort(void *base, size_t n, size_t size, int (*compare)(const void *, const void *))",
            "void qsort(pointer, uint64_t, uint64_t, int32_t (*)(pointer, pointer))"
        ),
        ("int printf(const char *, ..., int, double)", "int32_t printf(pointer, ..., int32_t, double)"),
        ("int printf(const char *format, ..., void)", "int32_t printf(pointer, ..., void)"),
        (
            "struct { float x[2]; struct { int a; } b; } f(struct point { int x; int y; } p, address a, char *names[])",
            "struct { float; float; struct { int32_t; }; } f(struct { int32_t; int32_t; }, address, pointer)"
        ),
        (
            "float128_like *f(FILE *, struct stat *, long double *, uint8x8_t *p)",
            "pointer f(pointer, pointer, pointer, pointer)"
        ),
    ])
    func reads(_ text: String, _ printed: String) throws {
        let signature = try Signature(text)
        #expect(signature.description == printed)
        #expect(try Signature(printed) == signature)
    }

    @Test(
        arguments: [
            ("int f(int, long double)", SignatureError.Kind.unsupportedType("long double"), 1, 12),
            ("long double f(int)", .unsupportedType("long double"), 1, 1),
            ("int f(\n  float32x4_t v)", .unsupportedType("float32x4_t"), 2, 3),
            ("int f(__int128 v)", .unsupportedType("__int128"), 1, 7),
            ("double _Complex f()", .unsupportedType("double _Complex"), 1, 1),
            ("void f(struct { double a[3]; } s)", .unsupportedType("a struct of 24 bytes"), 1, 8),
            ("void f(struct stat s)", .unsupportedType("a struct whose fields are not given (stat)"), 1, 8),
            ("void f(int, void)", .unsupportedType("void"), 1, 13),
            ("void f(struct { } s)", .unsupportedType("an empty struct"), 1, 8),
            ("int f(int, gzFile file)", .unknownType("gzFile"), 1, 12),
            ("int f(unsigned signed x)", .unknownType("unsigned signed"), 1, 7),
            ("int f(long long long x)", .unknownType("long long long"), 1, 7),
            ("int f(int, ...)", .expected("the types of the variadic arguments (void for none), not ')'"), 1, 15),
            ("int f(int, ..., float)", .notPromoted(.float), 1, 17),
            ("int f(int, ..., short)", .notPromoted(.int16), 1, 17),
            ("int f(int", .expected("',' or ')', not the end"), 1, 10),
            ("int (int)", .expected("the function's name, not '('"), 1, 5),
            ("int f(int) int", .expected("nothing more, not 'int'"), 1, 12),
            ("", .expected("a type, not the end"), 1, 1),
        ] as [(String, SignatureError.Kind, Int, Int)])
    func refuses(_ text: String, _ kind: SignatureError.Kind, _ line: Int, _ column: Int) {
        #expect(throws: SignatureError(kind, line: line, column: column)) { try Signature(text) }
    }

    @Test func readsLists() throws {
        let list = try Signature.list("int a(int) // first\n;;\nvoid b() long c(char)")
        #expect(list.map(\.name) == ["a", "b", "c"])
        #expect(throws: SignatureError(.unknownType("foo"), line: 3, column: 8)) {
            try Signature.list("int a();\n// nothing\nvoid b(foo)")
        }
        let deep = String(repeating: "void (*)(", count: 10_000)
        #expect(throws: SignatureError.self) { try Signature("void f(" + deep) }
        #expect(throws: SignatureError.self) { try Signature("void f(" + String(repeating: "struct {", count: 10_000)) }
    }

    @Test func checksTypes() throws {
        #expect(throws: SignatureError(.unsupportedType("a struct of 24 bytes"))) {
            try Signature("f", parameters: [.structure([.double, .double, .double])])
        }
        #expect(throws: SignatureError(.unsupportedType("a function pointer in a struct"))) {
            try Signature("f", parameters: [.structure([.function(try Signature())])])
        }
        let mixed = CType.structure([.int8, .int32, .int16])
        #expect(mixed.size == 12 && mixed.alignment == 4)
        #expect(try Signature("f", parameters: [mixed]).description == "void f(struct { int8_t; int32_t; int16_t; })")
    }
}
