// Text of bounded length without a heap. A text that does not fit is refused whole, never cut.
#pragma once

#include <array>
#include <cstddef>
#include <cstring>
#include <string_view>

namespace egiz {

template <std::size_t N>
class FixedString {
  public:
    constexpr FixedString() = default;

    [[nodiscard]] bool assign(std::string_view text) {
        if (text.size() > N) return false;
        if (!text.empty()) std::memcpy(data_.data(), text.data(), text.size());
        size_ = text.size();
        return true;
    }
    // For prose only (messages to people), where a shortened text is better than none.
    void assign_cut(std::string_view text) { (void)assign(text.substr(0, N)); }
    [[nodiscard]] bool append(std::string_view text) {
        if (text.size() > N - size_) return false;
        if (!text.empty()) std::memcpy(data_.data() + size_, text.data(), text.size());
        size_ += text.size();
        return true;
    }
    void clear() { size_ = 0; }
    [[nodiscard]] std::string_view view() const { return {data_.data(), size_}; }
    [[nodiscard]] bool empty() const { return size_ == 0; }
    [[nodiscard]] std::size_t size() const { return size_; }
    static constexpr std::size_t capacity() { return N; }
    bool operator==(const FixedString& other) const { return view() == other.view(); }

  private:
    std::array<char, N> data_{};
    std::size_t size_ = 0;
};

}  // namespace egiz
