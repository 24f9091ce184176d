// Zero-terminated text of bounded length: what the SDK's C interfaces take.
#pragma once

#include <array>
#include <cstddef>
#include <cstring>
#include <string_view>

namespace egiz::esp {

template <std::size_t N>
class CText {
  public:
    [[nodiscard]] bool assign(std::string_view text) {
        if (text.size() > N || text.find('\0') != std::string_view::npos) return false;
        if (!text.empty()) std::memcpy(data_.data(), text.data(), text.size());
        data_[text.size()] = '\0';
        return true;
    }
    [[nodiscard]] const char* c_str() const { return data_.data(); }
    [[nodiscard]] std::string_view view() const { return {data_.data(), std::strlen(data_.data())}; }
    [[nodiscard]] bool empty() const { return data_[0] == '\0'; }
    void clear() { data_.fill('\0'); }
    // For functions that write into a buffer and terminate it; reset by the next assign().
    char* buffer() { return data_.data(); }
    static constexpr std::size_t buffer_size() { return N + 1; }

  private:
    std::array<char, N + 1> data_{};
};

}  // namespace egiz::esp
