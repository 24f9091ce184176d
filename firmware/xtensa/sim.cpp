#include "sim.hpp"

#include <cstring>

extern "C" int simcall(int number, int a, int b, int c);

namespace egiz::sim {
namespace {
constexpr int sys_exit = 1;
constexpr int sys_write = 4;
}  // namespace

void print(std::string_view text) { (void)simcall(sys_write, 1, reinterpret_cast<int>(text.data()), static_cast<int>(text.size())); }

void print_number(long value) {
    char digits[12];
    std::size_t at = sizeof digits;
    unsigned long rest = value < 0 ? 0UL - static_cast<unsigned long>(value) : static_cast<unsigned long>(value);
    do {
        digits[--at] = static_cast<char>('0' + rest % 10);
        rest /= 10;
    } while (rest != 0);
    if (value < 0) digits[--at] = '-';
    print({digits + at, sizeof digits - at});
}

void exit_with(int code) {
    for (;;) (void)simcall(sys_exit, code, 0, 0);
}

void fail(const char* why) {
    print("ended: ");
    print(why);
    print("\n");
    exit_with(2);
}

}  // namespace egiz::sim
