"""What one sale brought: in − refunds − fees − shares = net, to the fen, as a page, a workbook and on paper."""
