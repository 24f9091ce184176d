// The little that tests need below them on bare metal: memory, the throwing functions of the C++ library (which must
// not happen, so they end the run), and a search tree for std::map and std::set without rebalancing.
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <map>
#include <new>

#include "sim.hpp"

extern "C" {
extern void (*__init_array_start[])();
extern void (*__init_array_end[])();
extern char __bss_start[];
extern char __bss_end[];
void* __dso_handle = nullptr;

[[noreturn]] void begin() {
    std::memset(__bss_start, 0, static_cast<std::size_t>(__bss_end - __bss_start));
    for (auto init = __init_array_start; init != __init_array_end; ++init) (*init)();
    egiz::sim::exit_with(egiz::sim::run_tests());
}
int __cxa_atexit(void (*)(void*), void*, void*) { return 0; }
void __cxa_pure_virtual() { egiz::sim::fail("pure virtual call"); }
void abort() { egiz::sim::fail("abort"); }
}

void* operator new(std::size_t n) {
    void* p = std::malloc(n == 0 ? 1 : n);
    if (p == nullptr) egiz::sim::fail("out of memory");
    return p;
}
void* operator new[](std::size_t n) { return operator new(n); }
void operator delete(void* p) noexcept { std::free(p); }
void operator delete(void* p, std::size_t) noexcept { std::free(p); }
void operator delete[](void* p) noexcept { std::free(p); }
void operator delete[](void* p, std::size_t) noexcept { std::free(p); }

namespace std {

void __throw_length_error(const char* what) { egiz::sim::fail(what); }
void __throw_logic_error(const char* what) { egiz::sim::fail(what); }
void __throw_out_of_range(const char* what) { egiz::sim::fail(what); }
void __throw_out_of_range_fmt(const char* what, ...) { egiz::sim::fail(what); }
void __throw_invalid_argument(const char* what) { egiz::sim::fail(what); }
void __throw_bad_alloc() { egiz::sim::fail("bad_alloc"); }
void __throw_bad_array_new_length() { egiz::sim::fail("bad_array_new_length"); }
void __throw_bad_function_call() { egiz::sim::fail("bad_function_call"); }
void __throw_bad_optional_access() { egiz::sim::fail("bad_optional_access"); }

using Node = _Rb_tree_node_base;

Node* _Rb_tree_increment(Node* x) noexcept {
    if (x->_M_right != nullptr) {
        x = x->_M_right;
        while (x->_M_left != nullptr) x = x->_M_left;
        return x;
    }
    Node* y = x->_M_parent;
    while (x == y->_M_right) {
        x = y;
        y = y->_M_parent;
    }
    // With a single node the header's own links point at it: x is then the header already.
    return x->_M_right != y ? y : x;
}
const Node* _Rb_tree_increment(const Node* x) noexcept { return _Rb_tree_increment(const_cast<Node*>(x)); }

Node* _Rb_tree_decrement(Node* x) noexcept {
    if (x->_M_color == _S_red && x->_M_parent->_M_parent == x) return x->_M_right;  // the header: end()
    if (x->_M_left != nullptr) {
        x = x->_M_left;
        while (x->_M_right != nullptr) x = x->_M_right;
        return x;
    }
    Node* y = x->_M_parent;
    while (x == y->_M_left) {
        x = y;
        y = y->_M_parent;
    }
    return y;
}
const Node* _Rb_tree_decrement(const Node* x) noexcept { return _Rb_tree_decrement(const_cast<Node*>(x)); }

void _Rb_tree_insert_and_rebalance(const bool left, Node* x, Node* parent, Node& header) noexcept {
    x->_M_parent = parent;
    x->_M_left = nullptr;
    x->_M_right = nullptr;
    x->_M_color = _S_black;  // red is the mark of the header alone
    if (left) {
        parent->_M_left = x;
        if (parent == &header) {
            header._M_parent = x;
            header._M_right = x;
        } else if (parent == header._M_left) {
            header._M_left = x;
        }
    } else {
        parent->_M_right = x;
        if (parent == header._M_right) header._M_right = x;
    }
}

static void replace_child(Node* x, Node* by, Node& header) {
    if (header._M_parent == x) {
        header._M_parent = by;
    } else if (x->_M_parent->_M_left == x) {
        x->_M_parent->_M_left = by;
    } else {
        x->_M_parent->_M_right = by;
    }
    if (by != nullptr) by->_M_parent = x->_M_parent;
}

Node* _Rb_tree_rebalance_for_erase(Node* const z, Node& header) noexcept {
    if (header._M_left == z) header._M_left = z->_M_right != nullptr || header._M_right != z ? _Rb_tree_increment(z) : &header;
    if (header._M_right == z) header._M_right = header._M_left != &header ? _Rb_tree_decrement(z) : &header;
    if (z->_M_left == nullptr) {
        replace_child(z, z->_M_right, header);
    } else if (z->_M_right == nullptr) {
        replace_child(z, z->_M_left, header);
    } else {
        Node* next = _Rb_tree_increment(z);
        if (next->_M_parent != z) {
            replace_child(next, next->_M_right, header);
            next->_M_right = z->_M_right;
            next->_M_right->_M_parent = next;
        }
        replace_child(z, next, header);
        next->_M_left = z->_M_left;
        next->_M_left->_M_parent = next;
    }
    return z;
}

}  // namespace std
