// The one page of the set-up network, made from the table of fields.
#pragma once

#include <array>
#include <string_view>

namespace egiz::esp {

class SetupPage {
  public:
    std::string_view render();

  private:
    void add(std::string_view text);

    std::array<char, 6144> text_{};
    std::size_t size_ = 0;
};

}  // namespace egiz::esp
