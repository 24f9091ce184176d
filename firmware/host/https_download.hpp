// The download port on libcurl: HTTPS with TLS 1.3 only, by Range, without blocking the loop.
#pragma once

#include <curl/curl.h>

#include <string>
#include <vector>

#include "ports.hpp"

namespace egiz::host {

class HttpsDownload final : public Download {
  public:
    explicit HttpsDownload(std::string ca_file) : ca_file_(std::move(ca_file)) {}
    ~HttpsDownload() { close(); }
    HttpsDownload(const HttpsDownload&) = delete;
    HttpsDownload& operator=(const HttpsDownload&) = delete;

    Status open(std::string_view url, std::size_t offset) override;
    Result<std::size_t> poll(MutableBytes out) override;
    void close() override;

  private:
    static std::size_t on_data(char* data, std::size_t size, std::size_t count, void* self);
    Result<std::size_t> drain(MutableBytes out);

    static constexpr std::size_t buffer_limit = 64 * 1024;

    std::string ca_file_;
    CURLM* multi_ = nullptr;
    CURL* easy_ = nullptr;
    std::vector<std::uint8_t> buffer_;
    std::size_t taken_ = 0;
    std::size_t offset_ = 0;
    bool paused_ = false;
};

}  // namespace egiz::host
