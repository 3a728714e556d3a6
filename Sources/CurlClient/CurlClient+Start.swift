enum CurlClientStart {}
