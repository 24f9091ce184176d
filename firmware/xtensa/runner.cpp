// Runs every registered test and says so as the other runners do.
#include "gtest/gtest.h"
#include "sim.hpp"

namespace testing {
namespace {

Registration* first = nullptr;
Registration** last = &first;
bool fatal_failure = false;
bool any_failure = false;

}  // namespace

Registration::Registration(const char* suite_name, const char* test_name, Test* (*maker)())
    : suite(suite_name), name(test_name), make(maker), next(nullptr) {
    // Static constructors of other files may run before this file's, so the list head is constant-initialised.
    *last = this;
    last = &next;
}

bool Test::HasFatalFailure() { return fatal_failure; }
bool Test::HasNonfatalFailure() { return any_failure && !fatal_failure; }

void report_failure(const char* file, int line, const char* what, bool fatal) {
    using namespace egiz::sim;
    print(file);
    print(":");
    print_number(line);
    print(": ");
    print(what);
    print("\n");
    any_failure = true;
    fatal_failure = fatal_failure || fatal;
}

}  // namespace testing

int egiz::sim::run_tests() {
    long passed = 0;
    long failed = 0;
    for (testing::Registration* r = testing::first; r != nullptr; r = r->next) {
        testing::fatal_failure = false;
        testing::any_failure = false;
        testing::Test* test = r->make();
        test->SetUp();
        test->TestBody();
        test->TearDown();
        delete test;
        if (testing::any_failure) {
            print("FAILED ");
            print(r->suite);
            print(".");
            print(r->name);
            print("\n");
        }
        ++(testing::any_failure ? failed : passed);
    }
    print_number(passed);
    print(" passed, ");
    print_number(failed);
    print(" failed\n");
    return failed == 0 && passed > 0 ? 0 : 1;
}
