#include "setup_page.hpp"

#include <algorithm>
#include <charconv>

#include "provision_form.hpp"

namespace egiz::esp {
namespace {

constexpr std::string_view head =
    "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content=\"width=device-width\">"
    "<title>OpenEgiz board</title><style>body{font:16px sans-serif;max-width:40em;margin:1em auto;padding:0 1em}"
    "label{display:block;margin:.6em 0}input,textarea{display:block;width:100%;box-sizing:border-box;font:inherit}"
    "</style><h1>Set up this board</h1><form method=post action=/ autocomplete=off>";
constexpr std::string_view foot = "<p><button>Store and restart</button></form></html>";

}  // namespace

// What does not fit is left out whole; the capacity is checked by a test.
void SetupPage::add(std::string_view text) {
    if (text.size() > text_.size() - size_) return;
    std::copy(text.begin(), text.end(), text_.begin() + static_cast<std::ptrdiff_t>(size_));
    size_ += text.size();
}

std::string_view SetupPage::render() {
    size_ = 0;
    add(head);
    for (const ProvisionField& field : provision_fields()) {
        std::array<char, 8> longest{};
        const auto end = std::to_chars(longest.data(), longest.data() + longest.size(), field.longest).ptr;
        add("<label>");
        add(field.label);
        add(field.area ? "<textarea rows=4 name=" : field.secret ? "<input type=password name=" : "<input name=");
        add(field.key);
        add(" maxlength=");
        add({longest.data(), static_cast<std::size_t>(end - longest.data())});
        add(field.area ? "></textarea></label>" : "></label>");
    }
    add(foot);
    return {text_.data(), size_};
}

}  // namespace egiz::esp
