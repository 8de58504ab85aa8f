// C++ as programs use it: containers of strings, virtual calls, exceptions. It is run, and it is what the compiler compiles.

#include <algorithm>
#include <cstdio>
#include <map>
#include <memory>
#include <numeric>
#include <stdexcept>
#include <string>
#include <unordered_map>
#include <vector>

struct Shape {
    virtual ~Shape() = default;
    virtual long area() const = 0;
};
struct Square : Shape {
    long side;
    explicit Square(long s) : side(s) {}
    long area() const override { return side * side; }
};
struct Oblong : Shape {
    long a, b;
    Oblong(long x, long y) : a(x), b(y) {}
    long area() const override {
        if (a == b) throw std::domain_error("a square");
        return a * b;
    }
};

int main() {
    std::map<std::string, int> ordered;
    std::unordered_map<std::string, int> hashed;
    for (int i = 0; i < 200000; i++) {
        std::string key = "key " + std::to_string(i * 7919 % 20011);
        ordered[key] += i;
        hashed[key] ^= i;
    }
    unsigned long check = 0;
    for (auto &[key, number] : ordered) check = check * 31 + number + hashed.at(key);
    std::vector<std::unique_ptr<Shape>> shapes;
    for (int i = 0; i < 4000; i++) {
        if (i % 3) shapes.push_back(std::make_unique<Square>(i));
        else shapes.push_back(std::make_unique<Oblong>(i % 41, i % 97));
    }
    long total = 0, caught = 0;
    for (int round = 0; round < 100; round++)
        for (auto &shape : shapes) {
            try {
                total += shape->area();
            } catch (const std::domain_error &) {
                caught++;
            }
        }
    std::vector<std::string> words;
    for (auto &[key, number] : hashed) words.push_back(key + "/" + std::to_string(number));
    std::sort(words.begin(), words.end());
    std::size_t length = std::accumulate(
        words.begin(), words.end(), std::size_t(0), [](std::size_t n, const std::string &s) { return n + s.size(); });
    std::printf("%lu %ld %ld %zu %s\n", check, total, caught, length, words[words.size() / 2].c_str());
    return 0;
}
