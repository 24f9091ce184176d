// The emulator's console and exit, and the entry of the test runner.
#pragma once

#include <string_view>

namespace egiz::sim {

void print(std::string_view text);
void print_number(long value);
[[noreturn]] void exit_with(int code);
[[noreturn]] void fail(const char* why);
int run_tests();

}  // namespace egiz::sim
