// The set-up page's form: which fields exist, and how a browser sends them. No SDK here, so that it can be tested.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

#include "result.hpp"

namespace egiz::esp {

struct ProvisionField {
    std::string_view key;    // also the NVS key
    std::string_view label;  // on the page
    std::size_t longest;
    bool secret;             // never shown again
    bool area;               // several lines: certificates
};

std::span<const ProvisionField> provision_fields();
const ProvisionField* provision_field(std::string_view key);

// application/x-www-form-urlencoded, decoded in place; calls `take` for each pair in order. corrupt for a body that is
// not of that form, with nothing decided about the pairs already taken.
class FormReader {
  public:
    explicit FormReader(std::span<char> body) : rest_(body) {}
    // The next pair; not_found at the end.
    struct Pair {
        std::string_view key;
        std::string_view value;
    };
    Result<Pair> next();

  private:
    std::span<char> rest_;
};

}  // namespace egiz::esp
