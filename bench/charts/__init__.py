"""P7: a chart of 100 lines of 2,000 points in a browser, beside a bare ECharts."""
